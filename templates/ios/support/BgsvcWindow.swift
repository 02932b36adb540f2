import BackgroundTasks
import Foundation

/// A window that iOS has granted: completes its task exactly once.
final class BgsvcWindow: @unchecked Sendable {
  /// How a window ended.
  enum Outcome: String, Sendable, Codable {
    /// Every run did what it was started for.
    case completed
    /// A run failed.
    case failed
    /// iOS took its time back, and every run stopped in time.
    case expired
    /// iOS took its time back, and a run went on.
    case overrun
  }

  /// What it was granted for.
  let task: BgsvcTask
  let opened: Date
  private let onEnd: @Sendable (BgsvcWindow, Outcome) -> Void
  private let lock = NSLock()
  // BGTask is not Sendable: it is touched under the lock, or by the one who took it out.
  private var granted: BGTask?
  private var running: Set<BgsvcService>
  private var hasFailed = false
  private var isExpired = false

  nonisolated init(
    _ granted: BGTask, for task: BgsvcTask, _ services: [BgsvcService], opened: Date,
    onEnd: @escaping @Sendable (BgsvcWindow, Outcome) -> Void
  ) {
    self.granted = granted
    self.task = task
    self.opened = opened
    self.onEnd = onEnd
    running = Set(services)
  }

  /// Notes that iOS wants its time back; returns the services that still run.
  nonisolated func expire() -> [BgsvcService] {
    lock.withLock {
      isExpired = true
      return Array(running)
    }
  }

  /// Whether its task is not completed yet.
  nonisolated var isOpen: Bool { lock.withLock { granted != nil } }

  /// Whether the run of a service called `name` belongs to it.
  nonisolated func holds(_ name: String) -> Bool {
    lock.withLock { running.contains { $0.name == name } }
  }

  /// Notes that the run of `service` has ended.
  nonisolated func end(_ service: BgsvcService, succeeded: Bool) {
    lock.withLock {
      running.remove(service)
      hasFailed = hasFailed || !succeeded
    }
    completeIfFinished()
  }

  /// Completes the task if no run is left.
  nonisolated func completeIfFinished() {
    complete { running.isEmpty }
  }

  /// Completes the task as failed, whatever still runs.
  nonisolated func giveUp() {
    complete { true }
  }

  /// Shows how far continued work has come.
  nonisolated func report(_ progress: BgsvcValue) {
    guard #available(iOS 26.0, *) else { return }
    lock.withLock {
      guard let task = granted as? BGContinuedProcessingTask else { return }
      let total = progress["total"]?.number ?? progress["of"]?.number
      if let done = progress["done"]?.number, let total, total > 0 {
        // Whole units, of which Python may have fractions.
        task.progress.totalUnitCount = 1000
        task.progress.completedUnitCount = Int64(max(0, min(1, done / total)) * 1000)
      }
      let title = progress["title"]?.string
      let subtitle = progress["subtitle"]?.string
      if title != nil || subtitle != nil {
        task.updateTitle(title ?? task.title, subtitle: subtitle ?? task.subtitle)
      }
    }
  }

  private nonisolated func complete(if isDue: () -> Bool) {
    let taken: (task: BGTask, outcome: Outcome)? = lock.withLock {
      guard isDue(), let task = granted else { return nil }
      granted = nil
      if isExpired { return (task, running.isEmpty ? .expired : .overrun) }
      return (task, running.isEmpty && !hasFailed ? .completed : .failed)
    }
    guard let taken else { return }
    onEnd(self, taken.outcome)
    taken.task.setTaskCompleted(success: taken.outcome == .completed)
  }
}
