import Foundation

@available(iOS 13.0, *)
open class BGTaskRequest: NSObject, NSCopying {
  public let identifier: String
  /// "Specify nil for no start delay."
  open var earliestBeginDate: Date?

  @available(*, unavailable) public override init() { fatalError("unavailable") }

  fileprivate init(for identifier: String) {
    self.identifier = identifier
    super.init()
  }

  open func copy(with zone: NSZone? = nil) -> Any { self }
}

@available(iOS 13.0, *)
open class BGAppRefreshTaskRequest: BGTaskRequest {
  public init(identifier: String) { super.init(for: identifier) }
}

@available(iOS 13.0, *)
open class BGProcessingTaskRequest: BGTaskRequest {
  /// "The default value is NO."
  open var requiresNetworkConnectivity = false
  /// "The default value is NO."
  open var requiresExternalPower = false
  public init(identifier: String) { super.init(for: identifier) }
}

@available(iOS 17.0, *)
open class BGHealthResearchTaskRequest: BGProcessingTaskRequest {
  /// "The default value is NSFileProtectionCompleteUntilFirstUserAuthentication"
  open var protectionTypeOfRequiredData = "NSFileProtectionCompleteUntilFirstUserAuthentication"
}

@available(iOS 26.0, *)
open class BGContinuedProcessingTaskRequest: BGTaskRequest {
  public enum SubmissionStrategy: Int, Sendable {
    case fail = 0
    case queue = 1
  }

  public struct Resources: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    public static var gpu: Resources { Resources(rawValue: 1) }
  }

  open var title: String
  open var subtitle: String
  /// "Defaults to BGContinuedProcessingTaskRequestSubmissionStrategyQueue."
  open var strategy: SubmissionStrategy = .queue
  /// "Defaults to BGContinuedProcessingTaskRequestResourcesDefault."
  open var requiredResources: Resources = []

  public init(identifier: String, title: String, subtitle: String) {
    self.title = title
    self.subtitle = subtitle
    super.init(for: identifier)
  }
}
