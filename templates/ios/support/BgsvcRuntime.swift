import Foundation

/// The Python side, in this process.
public protocol BgsvcRuntime: Sendable {
  /// Starts a run of `service` and returns at once.
  ///
  /// - Parameter ended: Is called exactly once, on any thread, when the run has ended, or at once
  ///   when it is not accepted; with `false` unless the service did what it was started for.
  nonisolated func start(
    _ service: BgsvcService,
    ended: @escaping @Sendable (_ succeeded: Bool) -> Void
  )

  /// Tells a running `service` that iOS ends it in `remaining` seconds: its token is set.
  nonisolated func expire(_ service: BgsvcService, remaining: TimeInterval)
}
