import Foundation

/// A service of the app.
public struct BgsvcService: Sendable, Hashable {
  /// Its name in the spec.
  public let name: String
  /// The name that the user sees.
  public let label: String
  /// Its configuration in the bridge's JSON; only the runtime reads it.
  public let config: String

  public nonisolated init(name: String, label: String, config: String) {
    self.name = name
    self.label = label
    self.config = config
  }
}

/// A background task of iOS, and the services that run in its windows.
public struct BgsvcTask: Sendable {
  /// The kind of window to request.
  public enum Kind: Sendable, Hashable {
    /// About half a minute, at times that follow the use of the app.
    case refresh
    /// Minutes, while the device is idle.
    case processing(network: Bool, power: Bool)
    /// As `processing`, for the app of a health study that has the entitlement (iOS 17 and later).
    case healthResearch(network: Bool, power: Bool)
    /// Work that the user started and watches, in the foreground and after it (iOS 26 and later).
    case continued(Continued)
  }

  /// What the user reads about continued work, and how it may begin.
  public struct Continued: Sendable, Hashable {
    public let title: String
    public let subtitle: String
    /// Whether it may wait in a queue; otherwise it begins at once or is refused.
    public let mayQueue: Bool
    /// Whether it uses the graphics processor, which takes an entitlement.
    public let gpu: Bool

    public nonisolated init(title: String, subtitle: String, mayQueue: Bool, gpu: Bool) {
      self.title = title
      self.subtitle = subtitle
      self.mayQueue = mayQueue
      self.gpu = gpu
    }
  }

  /// A service that runs in the windows of the task.
  public struct Run: Sendable {
    public let service: BgsvcService
    /// The least number of seconds between two windows of the service.
    public let earliest: TimeInterval

    public nonisolated init(service: BgsvcService, earliest: TimeInterval) {
      self.service = service
      self.earliest = earliest
    }
  }

  /// The identifier; the app's `BGTaskSchedulerPermittedIdentifiers` must permit it.
  public let identifier: String
  public let kind: Kind
  public let runs: [Run]

  public nonisolated init(identifier: String, kind: Kind, runs: [Run]) {
    self.identifier = identifier
    self.kind = kind
    self.runs = runs
  }

  /// Whether iOS decides when it runs; the next window of such a task is always requested.
  nonisolated var isPeriodic: Bool {
    if case .continued = kind { return false }
    return true
  }
}
