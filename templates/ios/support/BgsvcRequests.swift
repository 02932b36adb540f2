import BackgroundTasks
import Foundation

/// Asks iOS for windows.
enum BgsvcRequests {
  /// Submits a request for `task` and tells what iOS said; not to be called on the main thread.
  nonisolated static func submit(
    _ task: BgsvcTask, earliest: Date?,
    answered: @escaping @Sendable (BgsvcRequest) -> Void
  ) {
    let identifier = task.identifier
    guard let request = request(for: task) else {
      let error = BgsvcError(
        .notSupported, "this iOS has no such task: \(identifier)",
        fix: "nothing to do: the service runs in the foreground")
      answered(BgsvcRequest(identifier: identifier, error: error))
      return
    }
    request.earliestBeginDate = earliest
    hand(request) { error in
      let error = error.map { BgsvcError.submission($0, identifier) }
      answered(BgsvcRequest(identifier: identifier, error: error))
    }
  }

  /// Takes back what was asked for `task`.
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

  private nonisolated static func hand(
    _ request: BGTaskRequest, _ answered: @escaping @Sendable ((any Error)?) -> Void
  ) {
    // Swift 6.4 comes with the first SDK that has this call; it tells errors that `submit` cannot.
    #if compiler(>=6.4) || BGSVC_SDK_27
      if #available(iOS 27.0, *) {
        BGTaskScheduler.shared.submitTaskRequest(request, completionHandler: answered)
        return
      }
    #endif
    do {
      let scheduler: any BgsvcTaskSubmitting = BGTaskScheduler.shared
      try scheduler.submit(request)
      answered(nil)
    } catch {
      answered(error)
    }
  }
}

/// `submit` of the iOS before 27: through a protocol, for an app whose minimum is iOS 27 is warned
/// of a call that it never makes.
private protocol BgsvcTaskSubmitting {
  nonisolated func submit(_ taskRequest: BGTaskRequest) throws
}

extension BGTaskScheduler: BgsvcTaskSubmitting {}
