import Foundation
import UIKit

/// The time that iOS lets an app finish its work in, after the user has left it.
///
/// Every stretch that is begun is ended exactly once: by who began it, or when iOS asks for it.
final class BgsvcBackgroundTime: @unchecked Sendable {
  private let lock = NSLock()
  private var application: UIApplication?
  private var open: [String: Stretch] = [:]

  nonisolated init() {}

  /// Looks the application up, which only the main thread may.
  nonisolated func attach() {
    Task { @MainActor [self] in
      let application = UIApplication.shared
      lock.withLock { self.application = application }
    }
  }

  /// The seconds until iOS suspends the app; `nil` where it sets no limit.
  nonisolated var remaining: TimeInterval? {
    let seconds = lock.withLock { application }?.backgroundTimeRemaining ?? .infinity
    // In the foreground it is a number without meaning, of a billion digits.
    return seconds < 24 * 3600 ? seconds : nil
  }

  /// Asks that the app is not suspended until `end` is called with this name.
  ///
  /// - Parameter onExpire: Called on the main thread when iOS wants its time back; it has ended by
  ///   then, so this is to be quick.
  /// - Returns: Whether iOS agreed.
  @discardableResult
  nonisolated func begin(_ name: String, onExpire: @escaping @Sendable () -> Void) -> Bool {
    guard let application = lock.withLock({ application }) else { return false }
    let stretch = Stretch(application)
    let identifier = application.beginBackgroundTask(withName: "bgsvc.\(name)") {
      @Sendable in
      onExpire()
      stretch.end()
    }
    guard identifier != .invalid else { return false }
    stretch.begin(identifier)
    lock.withLock { open.updateValue(stretch, forKey: name) }?.end()
    return true
  }

  /// Gives back the stretch that was begun with `name`; does nothing if it was before.
  nonisolated func end(_ name: String) {
    lock.withLock { open.removeValue(forKey: name) }?.end()
  }

  /// One stretch of time. iOS may want it back before whoever asked for it knows what it is called.
  private final class Stretch: @unchecked Sendable {
    private let application: UIApplication
    private let lock = NSLock()
    private var identifier: UIBackgroundTaskIdentifier?
    private var isOver = false

    nonisolated init(_ application: UIApplication) { self.application = application }

    nonisolated func begin(_ identifier: UIBackgroundTaskIdentifier) {
      lock.withLock { self.identifier = identifier }
      if lock.withLock({ isOver }) { end() }
    }

    nonisolated func end() {
      let taken = lock.withLock {
        defer { identifier = nil }
        isOver = true
        return identifier
      }
      if let taken { application.endBackgroundTask(taken) }
    }
  }
}
