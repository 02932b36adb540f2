import Foundation
import UIKit

/// The time that iOS lets an app finish its work in after the user has left it.
///
/// Each background task that is begun is ended exactly once: by its owner, or when iOS asks for it.
final class BgsvcBackgroundTime: Sendable {
  private let application = BgsvcLocked<UIApplication?>(nil)
  private let tasks = BgsvcLocked<[String: BackgroundTask]>([:])

  nonisolated init() {}

  /// Looks up the `UIApplication`, which only the main thread may do.
  nonisolated func attach() {
    Task { @MainActor [self] in
      let shared = UIApplication.shared
      application.withLock { $0 = shared }
    }
  }

  /// The seconds until iOS suspends the app; `nil` where it sets no limit.
  nonisolated var remaining: TimeInterval? {
    let seconds = application.withLock { $0 }?.backgroundTimeRemaining ?? .infinity
    // In the foreground iOS returns a very large number, which means no limit.
    return seconds < 24 * 3600 ? seconds : nil
  }

  /// Asks iOS not to suspend the app until `end` is called with this name.
  ///
  /// - Parameter onExpire: Called on the main thread when iOS takes the time back. The background
  ///   task ends when it returns, so it must be quick.
  /// - Returns: Whether iOS agreed.
  @discardableResult
  nonisolated func begin(_ name: String, onExpire: @escaping @Sendable () -> Void) -> Bool {
    guard let application = application.withLock({ $0 }) else { return false }
    let task = BackgroundTask { application.endBackgroundTask($0) }
    let identifier = application.beginBackgroundTask(withName: "bgsvc.\(name)") {
      @Sendable in
      onExpire()
      task.end()
    }
    guard identifier != .invalid else { return false }
    task.begin(identifier)
    tasks.withLock { $0.updateValue(task, forKey: name) }?.end()
    return true
  }

  /// Ends the background task of this name; does nothing if it has ended before.
  nonisolated func end(_ name: String) {
    tasks.withLock { $0.removeValue(forKey: name) }?.end()
  }

  /// One background task.
  final class BackgroundTask: Sendable {
    /// The life cycle; only the methods of this class change it. The table is in `docs/ios.md`.
    enum State: Sendable {
      /// iOS was asked for time, and has not returned the identifier yet.
      case requested
      /// iOS grants time under this identifier.
      case active(UIBackgroundTaskIdentifier)
      /// The time is given back. iOS may have taken it before it returned the identifier.
      case ended
    }

    private let lockedState = BgsvcLocked(State.requested)
    private let onEnd: @Sendable (UIBackgroundTaskIdentifier) -> Void

    /// - Parameter onEnd: Gives an identifier back to iOS; called exactly once for each.
    nonisolated init(onEnd: @escaping @Sendable (UIBackgroundTaskIdentifier) -> Void) {
      self.onEnd = onEnd
    }

    nonisolated var state: State { lockedState.withLock { $0 } }

    /// Records the identifier; gives it back at once if the task has ended already.
    nonisolated func begin(_ identifier: UIBackgroundTaskIdentifier) {
      let isLate = lockedState.withLock { state in
        guard case .requested = state else { return true }
        state = .active(identifier)
        return false
      }
      if isLate { onEnd(identifier) }
    }

    /// Gives the time back, or as soon as the identifier is known; does nothing a second time.
    nonisolated func end() {
      let active: UIBackgroundTaskIdentifier? = lockedState.withLock { state in
        defer { state = .ended }
        guard case .active(let identifier) = state else { return nil }
        return identifier
      }
      if let active { onEnd(active) }
    }
  }
}
