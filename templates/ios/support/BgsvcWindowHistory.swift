import Foundation

/// The state that outlives a launch of the app, in the user defaults: when each service had its
/// last window, how windows ended, and the desired state of each service.
///
/// A request that is submitted again replaces the pending one, and its date with it. If the date
/// were counted from the launch, an app that is opened often would never get a window.
struct BgsvcWindowHistory: Sendable {
  /// The longest that a task whose windows keep expiring is put off.
  nonisolated static let maxDelaySeconds: TimeInterval = 24 * 3600
  /// How many windows are kept.
  nonisolated static let maxPastWindows = 50

  private let suite: String?
  // Windows may end at the same moment.
  private let lock = NSLock()

  /// - Parameter suite: The suite of user defaults to use; the app's own by default.
  nonisolated init(suite: String? = nil) {
    self.suite = suite
  }

  /// The earliest date for `run` in a window of `task`.
  ///
  /// The date counts from the last window, or from the first call if there was none, and moves
  /// later with each window in a row that expired.
  nonisolated func resolveDueDate(of run: BgsvcTask.Run, in task: BgsvcTask, now: Date) -> Date {
    let key = windowKey(run, task)
    let lastOpened = defaults.object(forKey: key) as? Date
    // A date in the future means that the clock was set back; it would hold the service off.
    guard let lastOpened, lastOpened <= now else {
      defaults.set(now, forKey: key)
      return now.addingTimeInterval(run.earliest)
    }
    return lastOpened.addingTimeInterval(delay(run, task))
  }

  /// Records that `run` got a window of `task`.
  nonisolated func recordOpening(of run: BgsvcTask.Run, in task: BgsvcTask, at now: Date) {
    defaults.set(now, forKey: windowKey(run, task))
  }

  /// Records how a window ended.
  nonisolated func record(_ window: BgsvcPastWindow) {
    let expirationsKey = "bgsvc.expired.\(window.identifier)"
    lock.withLock {
      switch window.outcome {
      case .completed: defaults.removeObject(forKey: expirationsKey)
      case .expired, .overrun:
        defaults.set(defaults.integer(forKey: expirationsKey) + 1, forKey: expirationsKey)
      case .failed: break
      }
      let kept = (pastWindows + [window]).suffix(Self.maxPastWindows)
      defaults.set(try? JSONEncoder().encode(Array(kept)), forKey: "bgsvc.history")
    }
  }

  /// The last windows, oldest first.
  nonisolated var pastWindows: [BgsvcPastWindow] {
    guard let data = defaults.data(forKey: "bgsvc.history") else { return [] }
    return (try? JSONDecoder().decode([BgsvcPastWindow].self, from: data)) ?? []
  }

  /// The desired state of a service; `nil` if it was never started or stopped.
  nonisolated func desiredRunning(_ service: String) -> Bool? {
    defaults.object(forKey: "bgsvc.wanted.\(service)") as? Bool
  }

  /// Sets the desired state of a service.
  nonisolated func setDesiredState(of service: String, running: Bool) {
    defaults.set(running, forKey: "bgsvc.wanted.\(service)")
  }

  private nonisolated func delay(_ run: BgsvcTask.Run, _ task: BgsvcTask) -> TimeInterval {
    let expirations = defaults.integer(forKey: "bgsvc.expired.\(task.identifier)")
    guard expirations > 0 else { return run.earliest }
    // A run with `earliest` zero is put off by minutes, too.
    let doubled = max(run.earliest, 60) * Double(1 << min(expirations, 16))
    return max(run.earliest, min(doubled, Self.maxDelaySeconds))
  }

  private nonisolated var defaults: UserDefaults {
    suite.flatMap(UserDefaults.init(suiteName:)) ?? .standard
  }

  private nonisolated func windowKey(_ run: BgsvcTask.Run, _ task: BgsvcTask) -> String {
    "bgsvc.window.\(task.identifier).\(run.service.name)"
  }
}

/// A window that iOS granted, and how it ended.
public struct BgsvcPastWindow: Sendable, Codable {
  /// The identifier of its task.
  public let identifier: String
  public let opened: Date
  public let closed: Date
  let outcome: BgsvcWindow.Outcome

  /// `completed`, `failed`, `expired`, or `overrun` where a service did not stop in time.
  public nonisolated var ending: String { outcome.rawValue }
}
