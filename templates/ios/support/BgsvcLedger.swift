import Foundation

/// When each service of a task had its last window, kept over launches of the app.
///
/// A request that is submitted again replaces the one that waits, and with it its date: counted
/// from the launch, an app that is opened often would never get a window.
struct BgsvcLedger: Sendable {
  private let suite: String?

  /// - Parameter suite: The user defaults to keep it in; the app's own by default.
  nonisolated init(suite: String? = nil) {
    self.suite = suite
  }

  /// Returns when `run` may next be in a window of `task`; from the first question on if it
  /// never was.
  nonisolated func due(_ run: BgsvcTask.Run, of task: BgsvcTask, now: Date) -> Date {
    let key = key(run, task)
    let last = defaults.object(forKey: key) as? Date
    // A clock that was set back would hold a service off for as long.
    guard let last, last <= now else {
      defaults.set(now, forKey: key)
      return now.addingTimeInterval(run.earliest)
    }
    return last.addingTimeInterval(run.earliest)
  }

  /// Notes that `run` has a window of `task` now.
  nonisolated func open(_ run: BgsvcTask.Run, of task: BgsvcTask, now: Date) {
    defaults.set(now, forKey: key(run, task))
  }

  private nonisolated var defaults: UserDefaults {
    suite.flatMap(UserDefaults.init(suiteName:)) ?? .standard
  }

  private nonisolated func key(_ run: BgsvcTask.Run, _ task: BgsvcTask) -> String {
    "bgsvc.window.\(task.identifier).\(run.service.name)"
  }
}
