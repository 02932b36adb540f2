import BackgroundTasks
import Foundation

/// What went wrong, under one code that stays the same from Python to the app.
public struct BgsvcError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Which error it is.
  public enum Code: Sendable, Hashable {
    /// The identifier is missing in `BGTaskSchedulerPermittedIdentifiers`.
    case notInInfoPlist
    /// `Bgsvc.register()` has not been called.
    case notRegistered
    /// Background App Refresh is off, or this is the Simulator.
    case unavailable
    /// iOS keeps one refresh and ten processing requests.
    case tooManyPendingTaskRequests
    /// A background mode or a resource is missing, or the user has denied background work.
    case notPermitted
    /// Work that may not wait could not begin at once.
    case immediateRunIneligible
    /// This iOS is too old for it.
    case notSupported
    /// Python could not be started.
    case noRuntime
    /// An error of the runtime, by its own code: `alreadyRunning`, `entryNotFound`, …
    case runtime(String)
    /// An error that this version does not know.
    case unknown
  }

  public let code: Code
  public let message: String
  /// What to do about it; empty if nobody knows.
  public let fix: String

  public nonisolated init(_ code: Code, _ message: String, fix: String = "") {
    self.code = code
    self.message = message
    self.fix = fix
  }

  public nonisolated var description: String {
    fix.isEmpty ? message : "\(message); \(fix)"
  }

  nonisolated static func notInInfoPlist(_ identifier: String) -> BgsvcError {
    BgsvcError(
      .notInInfoPlist, "iOS does not let this app register \(identifier)",
      fix: "add it to BGTaskSchedulerPermittedIdentifiers, as the generated Info.plist has it")
  }

  nonisolated static let notRegistered = BgsvcError(
    .notRegistered, "the app's tasks are not registered",
    fix: "call Bgsvc.register() before the app has launched")

  /// What `BGTaskScheduler` said to the request called `identifier`.
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
      "let the user turn Background App Refresh on; on the Simulator it never is"
    ),
    2: (
      .tooManyPendingTaskRequests, "too many requests are waiting",
      "an app may have one refresh and ten processing requests"
    ),
    3: (
      .notPermitted, "this app may not ask for it",
      "merge UIBackgroundModes of the generated Info.plist; the user may have denied it, too"
    ),
    4: (
      .immediateRunIneligible, "it cannot begin at once",
      "try again later, or let it wait: strategy = \"queue\""
    ),
  ]
}
