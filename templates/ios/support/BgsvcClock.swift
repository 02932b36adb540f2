import Foundation

/// The time and the timers that windows use: the device's, or a test's.
struct BgsvcClock: Sendable {
  /// Returns the current time.
  let now: @Sendable () -> Date
  /// Calls an action on a queue after some seconds.
  let schedule: @Sendable (TimeInterval, DispatchQueue, @escaping @Sendable () -> Void) -> Void

  nonisolated static let device = BgsvcClock(
    now: { Date() },
    schedule: { seconds, queue, action in
      queue.asyncAfter(deadline: .now() + seconds, execute: action)
    }
  )

  /// Calls `action` on `queue` after `seconds`.
  nonisolated func after(
    _ seconds: TimeInterval, on queue: DispatchQueue, _ action: @escaping @Sendable () -> Void
  ) {
    schedule(seconds, queue, action)
  }
}
