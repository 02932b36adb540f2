import BackgroundTasks
import Foundation

/// An error of the app's services; its code is the same in Python, in Swift and in events.
public struct BgsvcError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of the error.
  public enum Code: Sendable, Hashable {
    /// `BGTaskSchedulerPermittedIdentifiers` does not contain the identifier.
    case notInInfoPlist
    /// `Bgsvc.register()` has not been called.
    case notRegistered
    /// Background App Refresh is off, or the app runs in the Simulator.
    case unavailable
    /// The app has one refresh or ten processing requests pending already.
    case tooManyPendingTaskRequests
    /// A background mode or a resource is missing, or the user has denied background work.
    case notPermitted
    /// Continued work with the strategy `fail` could not begin at once.
    case immediateRunIneligible
    /// This version of iOS has no such task.
    case notSupported
    /// Python could not be started.
    case noRuntime
    /// An error of the runtime, with the runtime's code: `alreadyRunning`, `entryNotFound`, …
    case runtime(String)
    /// An error that this version of bgsvc does not know.
    case unknown
  }

  public let code: Code
  public let message: String
  /// How to fix it; empty if that is not known.
  public let fix: String

  public nonisolated init(_ code: Code, _ message: String, fix: String = "") {
    self.code = code
    self.message = message
    self.fix = fix
  }

  /// This error, if it is a `BgsvcError`; otherwise one of the code `unknown`.
  nonisolated init(wrapping error: any Error) {
    self = error as? BgsvcError ?? BgsvcError(.unknown, "\(error)")
  }

  public nonisolated var description: String {
    fix.isEmpty ? message : "\(message); \(fix)"
  }

  nonisolated static func notInInfoPlist(_ identifier: String) -> BgsvcError {
    BgsvcError(
      .notInInfoPlist, "iOS does not let the app register \(identifier)",
      fix: "add it to BGTaskSchedulerPermittedIdentifiers, as the generated Info.plist has it")
  }

  nonisolated static let notRegistered = BgsvcError(
    .notRegistered, "the app's tasks are not registered",
    fix: "call Bgsvc.register() before the app has launched")

  /// The error of `BGTaskScheduler` for the request called `identifier`.
  nonisolated static func submission(_ error: any Error, _ identifier: String) -> BgsvcError {
    let code = (error as? BGTaskScheduler.Error)?.code.rawValue
    guard let code, let (meaning, message, fix) = submissionErrors[code] else {
      return BgsvcError(.unknown, "iOS refused \(identifier): \(error)")
    }
    return BgsvcError(meaning, "iOS refused \(identifier): \(message)", fix: fix)
  }

  private nonisolated static let submissionErrors: [Int: (Code, String, String)] = [
    1: (
      .unavailable, "background work is not available",
      "ask the user to turn Background App Refresh on; the Simulator has no background work"
    ),
    2: (
      .tooManyPendingTaskRequests, "too many requests are pending",
      "an app may have one refresh and ten processing requests"
    ),
    3: (
      .notPermitted, "the app is not permitted to",
      "merge UIBackgroundModes of the generated Info.plist, or check the user's settings"
    ),
    4: (
      .immediateRunIneligible, "the work cannot begin at once",
      "try again later, or let it wait: strategy = \"queue\""
    ),
  ]
}
