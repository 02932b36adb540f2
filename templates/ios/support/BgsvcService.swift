import Foundation

/// A service, as the runtime is told about it.
public struct BgsvcService: Sendable, Hashable {
  /// Its name in the spec.
  public let name: String
  /// What a user calls it.
  public let label: String
  /// Its configuration in the bridge's JSON, passed on unread.
  public let config: String

  public nonisolated init(name: String, label: String, config: String) {
    self.name = name
    self.label = label
    self.config = config
  }
}

/// A stretch of time that iOS is asked for, and the services that run in it.
public struct BgsvcTask: Sendable {
  /// What is asked for.
  public enum Kind: Sendable, Hashable {
    /// About half a minute, at times that follow the use of the app.
    case refresh
    /// Minutes, while the device is idle.
    case processing(network: Bool, power: Bool)
    /// As `processing`, for an app of a health study with its entitlement (iOS 17 and later).
    case healthResearch(network: Bool, power: Bool)
    /// Work that the user started and watches, in the foreground and after it (iOS 26 and later).
    case continued(Continued)
  }

  /// What the user reads about continued work, and when it may begin.
  public struct Continued: Sendable, Hashable {
    public let title: String
    public let subtitle: String
    /// Whether it may wait for its turn; otherwise it begins at once or is refused.
    public let mayQueue: Bool
    /// Whether it needs the graphics processor, for which an entitlement is needed.
    public let gpu: Bool

    public nonisolated init(title: String, subtitle: String, mayQueue: Bool, gpu: Bool) {
      self.title = title
      self.subtitle = subtitle
      self.mayQueue = mayQueue
      self.gpu = gpu
    }
  }

  /// A service in a window.
  public struct Run: Sendable {
    public let service: BgsvcService
    /// Seconds that pass between two windows of the service, at the least.
    public let earliest: TimeInterval

    public nonisolated init(service: BgsvcService, earliest: TimeInterval) {
      self.service = service
      self.earliest = earliest
    }
  }

  /// As registered with iOS; permitted by the app's `BGTaskSchedulerPermittedIdentifiers`.
  public let identifier: String
  public let kind: Kind
  public let runs: [Run]

  public nonisolated init(identifier: String, kind: Kind, runs: [Run]) {
    self.identifier = identifier
    self.kind = kind
    self.runs = runs
  }

  /// Whether iOS decides when it runs: such a task is asked for again and again.
  nonisolated var isPeriodic: Bool {
    if case .continued = kind { return false }
    return true
  }
}
