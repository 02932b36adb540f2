import Dispatch
import Foundation

/// What a test controls in the place of iOS.
@_spi(Simulator) extension BGTaskScheduler {
  /// The app's `Info.plist`.
  public func permit(_ identifiers: [String]) {
    lock.withLock { permitted = identifiers }
  }

  public func finishLaunching() {
    lock.withLock { hasLaunched = true }
  }

  /// Refuses every request with this code, until it is `nil` again.
  public func refuse(with code: Error.Code?) {
    lock.withLock { refusal = code }
  }

  /// Calls `action` whenever a request is submitted.
  public func watch(_ action: @escaping @Sendable () -> Void) {
    lock.withLock { onSubmit = action }
  }

  public func supportGPU() {
    lock.withLock { hasGPU = true }
  }

  public var registered: [String] { lock.withLock { handlers.keys.sorted() } }
  public var submitted: [BGTaskRequest] { lock.withLock { pending } }
  public var granted: [BGTask] { lock.withLock { running } }
  public var completed: [(identifier: String, success: Bool)] { lock.withLock { completions } }
  /// The names of the calls that were used to submit requests.
  public var callsUsed: Set<String> { lock.withLock { Set(calls) } }

  /// The pending request called `identifier`.
  public func request(_ identifier: String) -> BGTaskRequest? {
    submitted.first { $0.identifier == identifier }
  }

  /// Grants the requested window, as iOS does; `false` if there is no request.
  @discardableResult
  public func launch(_ identifier: String) -> Bool {
    let launch: (request: BGTaskRequest, queue: DispatchQueue?, handler: Handler)? = lock.withLock {
      guard
        let index = pending.firstIndex(where: { $0.identifier == identifier }),
        let entry = handlers[identifier],
        // That a task is not granted again while it runs is assumed.
        !running.contains(where: { $0.identifier == identifier })
      else { return nil }
      return (pending.remove(at: index), entry.queue, entry.handler)
    }
    guard let launch else { return false }
    nonisolated(unsafe) let task = task(for: launch.request)
    nonisolated(unsafe) let handler = launch.handler
    lock.withLock { running.append(task) }
    // "Pass nil to use a default background queue."
    (launch.queue ?? DispatchQueue.global()).async { handler(task) }
    return true
  }

  /// A task that runs although nobody requested it.
  public func makeTask(_ identifier: String) -> BGTask {
    let task = BGTask(granted: identifier)
    lock.withLock { running.append(task) }
    return task
  }

  /// Takes the time of a task back; `false` if no such task runs.
  @discardableResult
  public func expire(_ identifier: String) -> Bool {
    guard let task = granted.first(where: { $0.identifier == identifier }) else { return false }
    nonisolated(unsafe) let expiring = task
    // Which thread it is called on is assumed.
    DispatchQueue.global().async { expiring.expire() }
    return true
  }

  private func task(for request: BGTaskRequest) -> BGTask {
    let identifier = request.identifier
    if #available(iOS 26.0, *), let request = request as? BGContinuedProcessingTaskRequest {
      return BGContinuedProcessingTask(
        granted: identifier, title: request.title, subtitle: request.subtitle)
    }
    if #available(iOS 17.0, *), request is BGHealthResearchTaskRequest {
      return BGHealthResearchTask(granted: identifier)
    }
    switch request {
    case is BGAppRefreshTaskRequest: return BGAppRefreshTask(granted: identifier)
    case is BGProcessingTaskRequest: return BGProcessingTask(granted: identifier)
    default: return BGTask(granted: identifier)
    }
  }
}
