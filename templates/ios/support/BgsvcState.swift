import Foundation

/// The state of a service.
public struct BgsvcState: Sendable, Hashable {
  /// The service's name.
  public let service: String
  /// `idle`, `initializing`, `running`, `stopping` or `stopped`.
  public let state: String
  /// The number of its last run; zero if it never ran.
  public let run: Int
  /// The desired state: whether the user last started the service, and did not stop it since.
  public let desiredRunning: Bool
  /// Why its last run ended; `nil` if none has ended.
  public let stopReason: String?
  /// The message of its last error; `nil` if there was none.
  public let lastError: String?

  /// Whether a run goes on.
  public nonisolated var isRunning: Bool { state != "idle" && state != "stopped" }

  nonisolated init(_ fields: BgsvcValue, _ service: String) {
    self.service = service
    state = fields["state"]?.string ?? "idle"
    run = fields["run"]?.number.flatMap { Int(exactly: $0) } ?? 0
    desiredRunning = fields["desiredRunning"]?.bool ?? false
    stopReason = fields["stopReason"]?.string
    lastError = fields["lastError"]?["message"]?.string
  }

  /// The state of a service that has not run since the app was launched.
  nonisolated init(idle service: String, desiredRunning: Bool) {
    self.service = service
    state = "idle"
    run = 0
    self.desiredRunning = desiredRunning
    stopReason = nil
    lastError = nil
  }
}

/// A request that was submitted to iOS, and its result.
public struct BgsvcRequest: Sendable, Hashable {
  /// The identifier of its task.
  public let identifier: String
  /// Why iOS refused it; `nil` if iOS accepted it.
  public let error: BgsvcError?

  /// Whether iOS accepted it.
  public nonisolated var isAccepted: Bool { error == nil }
}

/// The result of starting a service.
public struct BgsvcStart: Sendable, Hashable {
  /// How the service runs.
  public enum Run: Sendable, Hashable {
    /// A run has started; this is its number.
    case started(Int)
    /// The run starts when iOS begins the requested continued task.
    case granted
    /// The service did not start, for this reason.
    case refused(BgsvcError)
  }

  public let run: Run
  /// The requests for windows, each with its result.
  public let requests: [BgsvcRequest]
}
