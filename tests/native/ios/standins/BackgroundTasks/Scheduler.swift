import Dispatch
import Foundation

@available(iOS 13.0, *)
open class BGTaskScheduler: NSObject {
  public struct Error: Swift.Error, Equatable {
    public enum Code: Int, Sendable {
      case unavailable = 1
      case tooManyPendingTaskRequests = 2
      case notPermitted = 3
      case immediateRunIneligible = 4
    }
    public let code: Code
    init(_ code: Code) { self.code = code }
  }

  typealias Handler = (BGTask) -> Void

  open class var shared: BGTaskScheduler { instance }
  nonisolated(unsafe) private static let instance = BGTaskScheduler(alone: true)

  @available(iOS 26.0, *)
  open class var supportedResources: BGContinuedProcessingTaskRequest.Resources {
    instance.lock.withLock { instance.hasGPU ? .gpu : [] }
  }

  let lock = NSLock()
  var permitted: [String] = []
  var handlers: [String: (queue: DispatchQueue?, handler: Handler)] = [:]
  var pending: [BGTaskRequest] = []
  var running: [BGTask] = []
  var completions: [(identifier: String, success: Bool)] = []
  var calls: [String] = []
  var refusal: Error.Code?
  var hasLaunched = false
  var hasGPU = false
  var onSubmit: (@Sendable () -> Void)?

  @available(*, unavailable) public override init() { fatalError("unavailable") }

  init(alone: Bool) { super.init() }

  /// "Register a launch handler for the task with the associated identifier that’s executed on the
  /// specified queue."
  open func register(
    forTaskWithIdentifier identifier: String, using queue: DispatchQueue?,
    launchHandler: @escaping (BGTask) -> Void
  ) -> Bool {
    lock.withLock {
      // "Returns NO if the identifier isn't included in the BGTaskSchedulerPermittedIdentifiers
      // Info.plist."
      guard permitted.contains(where: { $0.permits(identifier) }) else { return false }
      // "The system kills the app on the second registration of the same task identifier."
      precondition(handlers[identifier] == nil, "\(identifier) is registered twice")
      // "Attempting to register a handler after launch … is an error."
      precondition(!hasLaunched, "\(identifier) is registered after the launch")
      handlers[identifier] = (queue, launchHandler)
      return true
    }
  }

  /// "Submit a previously registered background task for execution."
  @available(iOS, deprecated: 27.0, renamed: "submitTaskRequest(_:completionHandler:)")
  open func submit(_ taskRequest: BGTaskRequest) throws {
    let error = lock.withLock {
      calls.append("submit")
      return refusal(of: taskRequest)
    }
    if let error { throw error }
  }

  /// "This method asynchronously submits the task request and invokes the completion handler with
  /// any errors that occur during submission."
  @available(iOS 27.0, *)
  open func submitTaskRequest(
    _ taskRequest: BGTaskRequest,
    completionHandler: @escaping @Sendable ((any Swift.Error)?) -> Void
  ) {
    precondition(!Thread.isMainThread, "not to be called on the main thread")
    let error = lock.withLock {
      calls.append("submitTaskRequest")
      return refusal(of: taskRequest)
    }
    DispatchQueue.global().async { completionHandler(error) }
  }

  /// "Cancel a previously scheduled task request."
  open func cancel(taskRequestWithIdentifier identifier: String) {
    lock.withLock { pending.removeAll { $0.identifier == identifier } }
  }

  open func cancelAllTaskRequests() {
    lock.withLock { pending.removeAll() }
  }

  /// "Returns a list of all task requests that have been submitted but not yet completed."
  open func getPendingTaskRequests(
    completionHandler: @escaping @Sendable ([BGTaskRequest]) -> Void
  ) {
    completionHandler(lock.withLock { pending })
  }

  /// Accepts a request and returns `nil`, or returns why it is refused.
  private func refusal(of request: BGTaskRequest) -> Error? {
    let identifier = request.identifier
    onSubmit?()
    if let refusal { return Error(refusal) }
    // "The task identifier of the submitted task wasn’t in the
    // BGTaskSchedulerPermittedIdentifiers array"
    guard permitted.contains(where: { $0.permits(identifier) }) else { return Error(.notPermitted) }
    // "Submit a previously registered background task"; what follows otherwise is assumed.
    guard handlers[identifier] != nil else { return Error(.notPermitted) }
    // "Submitting a task request for an unexecuted task that’s already in the queue replaces the
    // previous task request."
    pending.removeAll { $0.identifier == identifier }
    // "There can be a total of 1 refresh task and 10 processing tasks scheduled at any time.
    // Trying to schedule more tasks returns BGTaskSchedulerErrorCodeTooManyPendingTaskRequests."
    let refreshes = pending.filter { $0 is BGAppRefreshTaskRequest }.count
    let processings = pending.filter { $0 is BGProcessingTaskRequest }.count
    if request is BGAppRefreshTaskRequest, refreshes >= 1 {
      return Error(.tooManyPendingTaskRequests)
    }
    if request is BGProcessingTaskRequest, processings >= 10 {
      return Error(.tooManyPendingTaskRequests)
    }
    pending.append(request)
    return nil
  }

  func note(completed task: BGTask, _ success: Bool) {
    lock.withLock {
      running.removeAll { $0 === task }
      completions.append((task.identifier, success))
    }
  }
}

extension String {
  /// "The identifier ought to use wildcard notation, … finally ending with .*"
  func permits(_ identifier: String) -> Bool {
    self == identifier || hasSuffix(".*") && identifier.hasPrefix(dropLast())
  }
}
