import BackgroundTasks
import Foundation

/// Runs the app's services in the windows that iOS grants; lives as long as the app.
public final class BgsvcScheduler: @unchecked Sendable {
  /// Seconds from the expiration of a window to its completion, for the services to stop in.
  public static let grace: TimeInterval = 3

  private let tasks: [BgsvcTask]
  private let runtime: any BgsvcRuntime
  private let ledger = BgsvcLedger()
  private let queue = DispatchQueue(label: "bgsvc.scheduler")
  private let lock = NSLock()
  private var isRegistered = false

  public nonisolated init(tasks: [BgsvcTask], runtime: any BgsvcRuntime) {
    self.tasks = tasks
    self.runtime = runtime
  }

  /// Registers every task, once: iOS ends an app that registers one twice.
  ///
  /// - Returns: The identifiers that iOS refused, for they are missing in the `Info.plist`.
  @discardableResult
  public nonisolated func register() -> [String] {
    let isFirst = lock.withLock {
      defer { isRegistered = true }
      return !isRegistered
    }
    guard isFirst else { return [] }
    return tasks.filter { !register($0) }.map(\.identifier)
  }

  /// Asks iOS for the next window of every task; asking again does no harm.
  ///
  /// - Returns: For each identifier that iOS did not take, why.
  @discardableResult
  public nonisolated func submit() -> [String: any Error] {
    var errors: [String: any Error] = [:]
    for task in tasks {
      do { try submit(task, now: Date()) } catch { errors[task.identifier] = error }
    }
    return errors
  }

  private nonisolated func register(_ task: BgsvcTask) -> Bool {
    // @Sendable: without it a caller on the main actor makes the closure the main actor's, and
    // the app dies when iOS calls it on `queue`.
    BGTaskScheduler.shared.register(forTaskWithIdentifier: task.identifier, using: queue) {
      @Sendable [self] granted in open(task, granted)
    }
  }

  private nonisolated func submit(_ task: BgsvcTask, now: Date) throws {
    let request: BGTaskRequest
    switch task.kind {
    case .refresh:
      request = BGAppRefreshTaskRequest(identifier: task.identifier)
    case .processing(let network, let power):
      let processing = BGProcessingTaskRequest(identifier: task.identifier)
      processing.requiresNetworkConnectivity = network
      processing.requiresExternalPower = power
      request = processing
    }
    request.earliestBeginDate = task.runs.map { ledger.due($0, of: task, now: now) }.min()
    try BGTaskScheduler.shared.submit(request)
  }

  private nonisolated func open(_ task: BgsvcTask, _ granted: BGTask) {
    let now = Date()
    let due = due(task, now: now)
    for run in due { ledger.open(run, of: task, now: now) }
    // First of all: nothing else asks for the next window, whatever becomes of this one.
    do { try submit(task, now: now) } catch {
      NSLog("bgsvc: iOS did not take %@ again: %@", task.identifier, "\(error)")
    }
    let window = BgsvcWindow(granted, due.map(\.service))
    granted.expirationHandler = { @Sendable [self] in expire(window) }
    for run in due {
      runtime.start(run.service) { succeeded in
        window.end(run.service, succeeded: succeeded)
      }
    }
    window.completeIfFinished()
  }

  /// The runs whose time has come; the next one if iOS, or a debugger, was early.
  private nonisolated func due(_ task: BgsvcTask, now: Date) -> [BgsvcTask.Run] {
    let dates = task.runs.map { (run: $0, date: ledger.due($0, of: task, now: now)) }
    let next = dates.map(\.date).min() ?? now
    return dates.filter { $0.date <= max(next, now) }.map(\.run)
  }

  private nonisolated func expire(_ window: BgsvcWindow) {
    for service in window.unfinished { runtime.expire(service, remaining: Self.grace) }
    queue.asyncAfter(deadline: .now() + Self.grace) { window.giveUp() }
  }
}
