import Foundation

/// A service, as the runtime is told about it.
public struct BgsvcService: Sendable, Hashable {
  public let name: String
  public let label: String
  /// Its configuration in the bridge's JSON, passed on unread.
  public let config: String

  public init(name: String, label: String, config: String) {
    self.name = name
    self.label = label
    self.config = config
  }
}

/// A stretch of time that iOS is asked for, and the services that run in it.
public struct BgsvcTask: Sendable {
  public enum Kind: Sendable, Hashable {
    /// About half a minute, at times that follow the use of the app.
    case refresh
    /// Minutes, while the device is idle.
    case processing(network: Bool, power: Bool)
  }

  public struct Run: Sendable {
    public let service: BgsvcService
    /// Seconds that pass between two windows of the service, at the least.
    public let earliest: TimeInterval

    public init(service: BgsvcService, earliest: TimeInterval) {
      self.service = service
      self.earliest = earliest
    }
  }

  /// As in the app's `BGTaskSchedulerPermittedIdentifiers`.
  public let identifier: String
  public let kind: Kind
  public let runs: [Run]

  public init(identifier: String, kind: Kind, runs: [Run]) {
    self.identifier = identifier
    self.kind = kind
    self.runs = runs
  }
}
