import Foundation

/// Starts runs, and tells who waits for one how it ended.
final class BgsvcRuns: @unchecked Sendable {
  /// Called exactly once; with `false` unless the service did what it was started for.
  typealias Ended = @Sendable (_ succeeded: Bool) -> Void

  /// Seconds within which a failed run that is to be repeated keeps its window.
  nonisolated static let patience: TimeInterval = 5

  private struct Waiter: Sendable {
    let ended: Ended
    /// The run that it waits for; `nil` until Python has said.
    var run: Int?
    /// Runs that ended before.
    var early: [Int: Bool] = [:]
  }

  private let bridge: BgsvcBridge
  private let lock = NSLock()
  private var waiters: [String: [Int: Waiter]] = [:]
  private var lastID = 0

  nonisolated init(bridge: BgsvcBridge) {
    self.bridge = bridge
  }

  /// Starts a run of `service`, or joins the one under way; returns its number.
  @discardableResult
  nonisolated func start(
    _ service: BgsvcService, _ reason: BgsvcBridge.StartReason, granted: TimeInterval?,
    ended: @escaping Ended
  ) throws -> Int {
    // Waits before it asks: a short run may have ended before the reply is here.
    let id = wait(for: service.name, ended)
    do {
      let run = try bridge.start(service, reason, granted: granted)
      settle(service.name, id, run: run)
      return run
    } catch let error as BgsvcError where error.code == .runtime("alreadyRunning") {
      let state = try? bridge.state(of: service)
      settle(service.name, id, run: state?.isRunning == true ? state?.run ?? 0 : 0, joins: true)
      return state?.run ?? 0
    } catch {
      forget(service.name, id)?.ended(false)
      throw error
    }
  }

  /// Learns that a run has ended.
  nonisolated func stopped(_ event: BgsvcEvent) {
    let reason = event.data["reason"]?.string.flatMap(BgsvcStopReason.init)
    let succeeded = reason?.isFailure != true
    let isRepeated = event.data["restartIn"]?.number.map { $0 <= Self.patience } ?? false
    let over: [Waiter] = lock.withLock {
      var over: [Waiter] = []
      for (id, waiter) in waiters[event.service] ?? [:] {
        if waiter.run == nil {
          waiters[event.service]?[id]?.early[event.run] = succeeded
        } else if let run = waiter.run, event.run >= run {
          if isRepeated {
            waiters[event.service]?[id]?.run = event.run + 1
          } else {
            waiters[event.service]?[id] = nil
            over.append(waiter)
          }
        }
      }
      return over
    }
    for waiter in over { waiter.ended(succeeded) }
  }

  private nonisolated func wait(for service: String, _ ended: @escaping Ended) -> Int {
    lock.withLock {
      lastID += 1
      waiters[service, default: [:]][lastID] = Waiter(ended: ended)
      return lastID
    }
  }

  private nonisolated func forget(_ service: String, _ id: Int) -> Waiter? {
    lock.withLock { waiters[service]?.removeValue(forKey: id) }
  }

  /// Learns which run it is that the waiter waits for; with `joins`, zero stands for one that
  /// ended meanwhile.
  private nonisolated func settle(_ service: String, _ id: Int, run: Int, joins: Bool = false) {
    let outcome: (ended: Ended, succeeded: Bool)? = lock.withLock {
      guard let waiter = waiters[service]?[id] else { return nil }
      let past = waiter.early.filter { $0.key >= run }.max { $0.key < $1.key }
      if past == nil, !(joins && run == 0) {
        waiters[service]?[id]?.run = run
        return nil
      }
      waiters[service]?[id] = nil
      return (waiter.ended, past?.value ?? true)
    }
    outcome?.ended(outcome?.succeeded ?? false)
  }
}
