import BackgroundTasks
import Foundation

/// A window that iOS has granted: completes its task exactly once.
final class BgsvcWindow: @unchecked Sendable {
  // BGTask is not Sendable; only who takes it out under the lock ever touches it again.
  private let lock = NSLock()
  private var task: BGTask?
  private var running: Set<BgsvcService>
  private var succeeded = true

  nonisolated init(_ task: BGTask, _ services: [BgsvcService]) {
    self.task = task
    self.running = Set(services)
  }

  /// The services whose run has not ended.
  nonisolated var unfinished: [BgsvcService] {
    lock.withLock { Array(running) }
  }

  /// Completes the task if no run is left.
  nonisolated func completeIfFinished() {
    let finished: (task: BGTask, succeeded: Bool)? = lock.withLock {
      guard running.isEmpty, let task else { return nil }
      self.task = nil
      return (task, succeeded)
    }
    finished?.task.setTaskCompleted(success: finished?.succeeded ?? false)
  }

  /// Notes that the run of `service` has ended.
  nonisolated func end(_ service: BgsvcService, succeeded: Bool) {
    lock.withLock {
      running.remove(service)
      self.succeeded = self.succeeded && succeeded
    }
    completeIfFinished()
  }

  /// Completes the task as failed, whatever still runs.
  nonisolated func giveUp() {
    let unfinished: BGTask? = lock.withLock {
      defer { task = nil }
      return task
    }
    unfinished?.setTaskCompleted(success: false)
  }
}
