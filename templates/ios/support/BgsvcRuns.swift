import Foundation

/// Starts runs, and reports to each caller how its run ended.
final class BgsvcRuns: Sendable {
  /// Called exactly once; with `false` if the run failed or could not start.
  typealias Completion = @Sendable (_ succeeded: Bool) -> Void

  /// The longest delay after which a failed run that restarts keeps its window.
  nonisolated static let maxRestartDelaySeconds: TimeInterval = 5

  private struct Waiters: Sendable {
    var lastID = 0
    var byService: [String: [Int: Waiter]] = [:]
  }

  private let bridge: BgsvcBridge
  private let waiters = BgsvcLocked(Waiters())

  nonisolated init(bridge: BgsvcBridge) {
    self.bridge = bridge
  }

  /// Starts a run of `service`, or joins the current one; returns its number.
  @discardableResult
  nonisolated func start(
    _ service: BgsvcService, _ reason: BgsvcBridge.StartReason, granted: TimeInterval?,
    completion: @escaping Completion
  ) throws -> Int {
    // Added before the request: a short run may end before the reply arrives.
    let id = addWaiter(for: service.name, completion)
    do {
      let run = try bridge.start(service, reason, granted: granted)
      update(id, of: service.name) { $0.join(run) }
      return run
    } catch let error as BgsvcError where error.code == .runtime("alreadyRunning") {
      let state = try? bridge.state(of: service)
      let current = state?.isRunning == true ? state?.run ?? 0 : 0
      update(id, of: service.name) { current == 0 ? $0.joinEnded() : $0.join(current) }
      return state?.run ?? 0
    } catch {
      update(id, of: service.name) { $0.fail() }
      throw error
    }
  }

  /// Handles the event `stopped` of a run.
  nonisolated func handleStopped(_ event: BgsvcEvent) {
    let reason = event.data["reason"]?.string.flatMap(BgsvcStopReason.init)
    let succeeded = reason?.isFailure != true
    let restartDelay = event.data["restartIn"]?.number
    let restarts = restartDelay.map { $0 <= Self.maxRestartDelaySeconds } ?? false
    let ids = waiters.withLock { Array(($0.byService[event.service] ?? [:]).keys) }
    for id in ids {
      update(id, of: event.service) {
        $0.runStopped(event.run, succeeded: succeeded, restarts: restarts)
      }
    }
  }

  private nonisolated func addWaiter(for service: String, _ completion: @escaping Completion) -> Int
  {
    waiters.withLock { waiters in
      waiters.lastID += 1
      waiters.byService[service, default: [:]][waiters.lastID] = Waiter(completion)
      return waiters.lastID
    }
  }

  /// Changes a waiter's state, and calls its completion once it has ended.
  private nonisolated func update(_ id: Int, of service: String, _ change: (inout Waiter) -> Void) {
    let end: (completion: Completion, succeeded: Bool)? = waiters.withLock { waiters in
      guard var waiter = waiters.byService[service]?[id] else { return nil }
      change(&waiter)
      guard case .ended(let succeeded) = waiter.state else {
        waiters.byService[service]?[id] = waiter
        return nil
      }
      waiters.byService[service]?[id] = nil
      return (waiter.completion, succeeded)
    }
    end?.completion(end?.succeeded ?? false)
  }
}

extension BgsvcRuns {
  /// A caller that waits for the end of a run.
  struct Waiter: Sendable {
    /// The life cycle; only the methods of this type change it. The table is in `docs/ios.md`.
    enum State: Sendable, Hashable {
      /// Python has not replied yet; `stopped` holds the success of the runs that stopped since.
      case requested(stopped: [Int: Bool])
      /// Waits for the end of this run, or of a later one.
      case waiting(run: Int)
      /// The run has ended.
      case ended(succeeded: Bool)
    }

    let completion: Completion
    private(set) var state = State.requested(stopped: [:])

    nonisolated init(_ completion: @escaping Completion) {
      self.completion = completion
    }

    /// Waits for `run`, which Python has started or which runs already.
    nonisolated mutating func join(_ run: Int) {
      guard case .requested(let stopped) = state else { return }
      let last = stopped.filter { $0.key >= run }.max { $0.key < $1.key }
      state = last.map { .ended(succeeded: $0.value) } ?? .waiting(run: run)
    }

    /// Ends: Python had a run already, and it has ended since.
    nonisolated mutating func joinEnded() {
      guard case .requested(let stopped) = state else { return }
      state = .ended(succeeded: stopped.max { $0.key < $1.key }?.value ?? true)
    }

    /// Ends: Python could not start a run.
    nonisolated mutating func fail() {
      guard case .requested = state else { return }
      state = .ended(succeeded: false)
    }

    /// Ends if it waits for the run called `number`, and that does not restart in a moment.
    nonisolated mutating func runStopped(_ number: Int, succeeded: Bool, restarts: Bool) {
      switch state {
      case .requested(var stopped):
        stopped[number] = succeeded
        state = .requested(stopped: stopped)
      case .waiting(let run) where number >= run:
        state = restarts ? .waiting(run: number + 1) : .ended(succeeded: succeeded)
      case .waiting, .ended: break
      }
    }
  }
}
