import Foundation

/// What is known about a service.
public struct BgsvcState: Sendable, Hashable {
  /// The service's name.
  public let service: String
  /// `idle`, `initializing`, `running`, `stopping` or `stopped`.
  public let state: String
  /// The number of its last run; zero if it never ran.
  public let run: Int
  /// Whether the user last asked for it to run.
  public let isWanted: Bool
  /// Why its last run ended, if it has.
  public let stopReason: String?
  /// What its last error said, if there was one.
  public let lastError: String?

  /// Whether a run is under way.
  public nonisolated var isRunning: Bool { state != "idle" && state != "stopped" }

  nonisolated init(_ fields: BgsvcValue, _ service: String) {
    self.service = service
    state = fields["state"]?.string ?? "idle"
    run = fields["run"]?.number.flatMap { Int(exactly: $0) } ?? 0
    isWanted = fields["desiredRunning"]?.bool ?? false
    stopReason = fields["stopReason"]?.string
    lastError = fields["lastError"]?["message"]?.string
  }

  /// That of a service which has not run since the app was launched.
  nonisolated init(idle service: String, isWanted: Bool) {
    self.service = service
    state = "idle"
    run = 0
    self.isWanted = isWanted
    stopReason = nil
    lastError = nil
  }
}

/// What was asked of iOS, and whether it took it.
public struct BgsvcRequest: Sendable, Hashable {
  /// The task's.
  public let identifier: String
  /// Why iOS refused it; `nil` if it did not.
  public let error: BgsvcError?

  /// Whether iOS took it.
  public nonisolated var isAccepted: Bool { error == nil }
}

/// What came of starting a service.
public struct BgsvcStart: Sendable, Hashable {
  /// How it runs.
  public enum Run: Sendable, Hashable {
    /// At once; the number of the run.
    case started(Int)
    /// As soon as iOS begins the continued task that was asked for.
    case granted
    /// Not at all, or not now; why.
    case refused(BgsvcError)
  }

  public let run: Run
  /// What was asked of iOS, each with its answer.
  public let requests: [BgsvcRequest]
}
