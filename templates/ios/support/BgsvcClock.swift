import Foundation

/// The time that windows are counted in: the device's, or a test's.
struct BgsvcClock: Sendable {
  /// What time it is.
  let now: @Sendable () -> Date
  /// Calls something after some seconds, on a queue.
  let later: @Sendable (TimeInterval, DispatchQueue, @escaping @Sendable () -> Void) -> Void

  nonisolated static let device = BgsvcClock(
    now: { Date() },
    later: { seconds, queue, action in queue.asyncAfter(deadline: .now() + seconds, execute: action)
    }
  )

  nonisolated func after(
    _ seconds: TimeInterval, on queue: DispatchQueue, _ action: @escaping @Sendable () -> Void
  ) {
    later(seconds, queue, action)
  }
}
