import BackgroundTasks
import Foundation

/// A window that iOS has granted: completes its task exactly once.
final class BgsvcWindow: Sendable {
  /// How a window ended.
  enum Outcome: String, Sendable, Codable {
    /// No run failed.
    case completed
    /// A run failed.
    case failed
    /// iOS took the time back, and every run stopped in time.
    case expired
    /// iOS took the time back, and a run went on.
    case overrun
  }

  /// The life cycle; only the methods of this class change it. The table is in `docs/ios.md`.
  ///
  /// The task to complete is part of each state but the last, so it cannot be completed twice.
  enum State {
    /// The services in `running` run, and none has failed.
    case open(BGTask, running: Set<BgsvcService>)
    /// A run has failed, and other services still run.
    case failing(BGTask, running: Set<BgsvcService>)
    /// iOS takes the time back; the services in `running` are stopping.
    case expiring(BGTask, running: Set<BgsvcService>)
    /// The task is completed.
    case closed(Outcome)
  }

  /// The task that the window was granted for.
  let task: BgsvcTask
  let opened: Date
  private let onClose: @Sendable (BgsvcWindow, Outcome) -> Void
  private let lockedState: BgsvcLocked<State>

  nonisolated init(
    _ granted: BGTask, for task: BgsvcTask, _ services: [BgsvcService], opened: Date,
    onClose: @escaping @Sendable (BgsvcWindow, Outcome) -> Void
  ) {
    self.task = task
    self.opened = opened
    self.onClose = onClose
    lockedState = BgsvcLocked(.open(granted, running: Set(services)))
  }

  nonisolated var state: State { lockedState.withLock { $0 } }

  /// Whether its task is not completed yet.
  nonisolated var isOpen: Bool { state.granted != nil }

  /// Whether a service called `name` runs in it.
  nonisolated func isRunning(_ name: String) -> Bool {
    state.running.contains { $0.name == name }
  }

  /// Records that iOS takes the time back; returns the services that still run.
  nonisolated func expire() -> [BgsvcService] {
    lockedState.withLock { state in
      if let granted = state.granted { state = .expiring(granted, running: state.running) }
      return Array(state.running)
    }
  }

  /// Records that the run of `service` has ended, and completes the task after the last one.
  nonisolated func endRun(of service: BgsvcService, succeeded: Bool) {
    lockedState.withLock { state in
      let running = state.running.subtracting([service])
      switch state {
      case .open(let granted, _) where succeeded: state = .open(granted, running: running)
      case .open(let granted, _), .failing(let granted, _):
        state = .failing(granted, running: running)
      case .expiring(let granted, _): state = .expiring(granted, running: running)
      case .closed: break
      }
    }
    completeIfFinished()
  }

  /// Completes the task if no run is left.
  nonisolated func completeIfFinished() {
    complete { $0.running.isEmpty }
  }

  /// Completes the task as failed, although services may still run.
  nonisolated func giveUp() {
    complete { _ in true }
  }

  /// Shows the progress of continued work to the user.
  nonisolated func showProgress(_ progress: BgsvcValue) {
    guard #available(iOS 26.0, *) else { return }
    lockedState.withLock { state in
      guard let task = state.granted as? BGContinuedProcessingTask else { return }
      let total = progress["total"]?.number ?? progress["of"]?.number
      if let done = progress["done"]?.number, let total, total > 0 {
        // Units are whole numbers, and Python may report fractions.
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

  /// Completes the task if `condition` holds and nobody has completed it.
  private nonisolated func complete(if condition: (State) -> Bool) {
    let completion: (task: BGTask, outcome: Outcome)? = lockedState.withLock { state in
      guard condition(state), let task = state.granted else { return nil }
      let outcome = state.outcome
      state = .closed(outcome)
      return (task, outcome)
    }
    guard let completion else { return }
    onClose(self, completion.outcome)
    completion.task.setTaskCompleted(success: completion.outcome == .completed)
  }
}

extension BgsvcWindow.State {
  /// The task, unless it is completed.
  nonisolated var granted: BGTask? {
    switch self {
    case .open(let granted, _), .failing(let granted, _), .expiring(let granted, _): granted
    case .closed: nil
    }
  }

  /// The services that run.
  nonisolated var running: Set<BgsvcService> {
    switch self {
    case .open(_, let running), .failing(_, let running), .expiring(_, let running): running
    case .closed: []
    }
  }

  /// How the window ends, if it does so in this state.
  nonisolated var outcome: BgsvcWindow.Outcome {
    switch self {
    case .open: running.isEmpty ? .completed : .failed
    case .failing: .failed
    case .expiring: running.isEmpty ? .expired : .overrun
    case .closed(let outcome): outcome
    }
  }
}
