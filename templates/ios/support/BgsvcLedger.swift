import Foundation

/// What is kept from one launch of the app to the next, in the user defaults: when each service had
/// its last window, how windows ended, and what the user last asked for.
///
/// A request that is submitted again replaces the one that waits, and with it its date: counted
/// from the launch, an app that is opened often would never get a window.
struct BgsvcLedger: Sendable {
  /// The longest that a task which keeps expiring is put off, in seconds.
  nonisolated static let longestDelay: TimeInterval = 24 * 3600
  /// As many windows as are remembered.
  nonisolated static let memory = 50

  private let suite: String?
  // Windows may end at the same moment.
  private let lock = NSLock()

  /// - Parameter suite: The user defaults to keep it in; the app's own by default.
  nonisolated init(suite: String? = nil) {
    self.suite = suite
  }

  /// When `run` may next be in a window of `task`; counted from the first question on if it never
  /// was. The more windows in a row expired, the later.
  nonisolated func due(_ run: BgsvcTask.Run, of task: BgsvcTask, now: Date) -> Date {
    let key = key(run, task)
    let last = defaults.object(forKey: key) as? Date
    // A clock that was set back would hold a service off for as long.
    guard let last, last <= now else {
      defaults.set(now, forKey: key)
      return now.addingTimeInterval(run.earliest)
    }
    return last.addingTimeInterval(delay(run, of: task))
  }

  /// Notes that `run` has a window of `task` now.
  nonisolated func open(_ run: BgsvcTask.Run, of task: BgsvcTask, now: Date) {
    defaults.set(now, forKey: key(run, task))
  }

  /// Notes how a window ended.
  nonisolated func close(_ window: BgsvcPastWindow) {
    let key = "bgsvc.expired.\(window.identifier)"
    lock.withLock {
      switch window.outcome {
      case .completed: defaults.removeObject(forKey: key)
      case .expired, .overrun: defaults.set(defaults.integer(forKey: key) + 1, forKey: key)
      case .failed: break
      }
      let kept = (history + [window]).suffix(Self.memory)
      defaults.set(try? JSONEncoder().encode(Array(kept)), forKey: "bgsvc.history")
    }
  }

  /// The last windows, oldest first.
  nonisolated var history: [BgsvcPastWindow] {
    guard let data = defaults.data(forKey: "bgsvc.history") else { return [] }
    return (try? JSONDecoder().decode([BgsvcPastWindow].self, from: data)) ?? []
  }

  /// Whether a service is to run; `nil` if the user never said.
  nonisolated func isWanted(_ service: String) -> Bool? {
    defaults.object(forKey: "bgsvc.wanted.\(service)") as? Bool
  }

  /// Notes what the user wants of a service.
  nonisolated func want(_ service: String, _ isWanted: Bool) {
    defaults.set(isWanted, forKey: "bgsvc.wanted.\(service)")
  }

  private nonisolated func delay(_ run: BgsvcTask.Run, of task: BgsvcTask) -> TimeInterval {
    let expired = defaults.integer(forKey: "bgsvc.expired.\(task.identifier)")
    guard expired > 0 else { return run.earliest }
    // A service without a date of its own is put off by minutes, too.
    let doubled = max(run.earliest, 60) * Double(1 << min(expired, 16))
    return max(run.earliest, min(doubled, Self.longestDelay))
  }

  private nonisolated var defaults: UserDefaults {
    suite.flatMap(UserDefaults.init(suiteName:)) ?? .standard
  }

  private nonisolated func key(_ run: BgsvcTask.Run, _ task: BgsvcTask) -> String {
    "bgsvc.window.\(task.identifier).\(run.service.name)"
  }
}

/// A window that iOS granted, and how it ended.
public struct BgsvcPastWindow: Sendable, Codable {
  /// The task's.
  public let identifier: String
  public let opened: Date
  public let closed: Date
  let outcome: BgsvcWindow.Outcome

  /// `completed`, `failed`, `expired`, or `overrun` where a service did not stop in time.
  public nonisolated var ending: String { outcome.rawValue }
}
