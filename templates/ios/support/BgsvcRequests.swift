import BackgroundTasks
import Foundation

/// Submits requests for windows to iOS.
enum BgsvcRequests {
  /// Submits a request for `task` and passes the result on; do not call it on the main thread.
  nonisolated static func submit(
    _ task: BgsvcTask, earliest: Date?,
    completion: @escaping @Sendable (BgsvcRequest) -> Void
  ) {
    let identifier = task.identifier
    guard let request = request(for: task) else {
      let error = BgsvcError(
        .notSupported, "this version of iOS has no such task: \(identifier)",
        fix: "nothing to do: the service runs in the foreground")
      completion(BgsvcRequest(identifier: identifier, error: error))
      return
    }
    request.earliestBeginDate = earliest
    submit(request) { error in
      let error = error.map { BgsvcError.submission($0, identifier) }
      completion(BgsvcRequest(identifier: identifier, error: error))
    }
  }

  /// Cancels the pending request for `task`.
  nonisolated static func cancel(_ task: BgsvcTask) {
    BGTaskScheduler.shared.cancel(taskRequestWithIdentifier: task.identifier)
  }

  /// Whether this iOS has tasks of this kind.
  nonisolated static func isSupported(_ kind: BgsvcTask.Kind) -> Bool {
    switch kind {
    case .refresh, .processing: return true
    case .healthResearch:
      if #available(iOS 17.0, *) { return true }
      return false
    case .continued:
      if #available(iOS 26.0, *) { return true }
      return false
    }
  }

  private nonisolated static func request(for task: BgsvcTask) -> BGTaskRequest? {
    let identifier = task.identifier
    switch task.kind {
    case .refresh:
      return BGAppRefreshTaskRequest(identifier: identifier)
    case .processing(let network, let power):
      let request = BGProcessingTaskRequest(identifier: identifier)
      request.requiresNetworkConnectivity = network
      request.requiresExternalPower = power
      return request
    case .healthResearch(let network, let power):
      guard #available(iOS 17.0, *) else { return nil }
      let request = BGHealthResearchTaskRequest(identifier: identifier)
      request.requiresNetworkConnectivity = network
      request.requiresExternalPower = power
      return request
    case .continued(let continued):
      guard #available(iOS 26.0, *) else { return nil }
      let request = BGContinuedProcessingTaskRequest(
        identifier: identifier, title: continued.title, subtitle: continued.subtitle)
      request.strategy = continued.mayQueue ? .queue : .fail
      if continued.gpu, BGTaskScheduler.supportedResources.contains(.gpu) {
        request.requiredResources = .gpu
      }
      return request
    }
  }

  private nonisolated static func submit(
    _ request: BGTaskRequest, _ completion: @escaping @Sendable ((any Error)?) -> Void
  ) {
    // The first SDK that has this call comes with Swift 6.4. It reports more errors than `submit`.
    #if compiler(>=6.4) || BGSVC_SDK_27
      if #available(iOS 27.0, *) {
        BGTaskScheduler.shared.submitTaskRequest(request, completionHandler: completion)
        return
      }
    #endif
    do {
      let scheduler: any BgsvcTaskSubmitting = BGTaskScheduler.shared
      try scheduler.submit(request)
      completion(nil)
    } catch {
      completion(error)
    }
  }
}

/// `submit` of the iOS before 27. The call goes through a protocol: an app whose minimum is iOS 27
/// would be warned that it is deprecated, although that app never makes it.
private protocol BgsvcTaskSubmitting {
  nonisolated func submit(_ taskRequest: BGTaskRequest) throws
}

extension BGTaskScheduler: BgsvcTaskSubmitting {}
