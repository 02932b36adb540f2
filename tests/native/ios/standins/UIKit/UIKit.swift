// The part of Apple's UIKit that the sources use, for Linux. Quotes are from Apple's documentation.
import Dispatch
@_exported import Foundation

public struct UIBackgroundTaskIdentifier: RawRepresentable, Hashable, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  public static let invalid = UIBackgroundTaskIdentifier(rawValue: 0)
}

public enum UIBackgroundRefreshStatus: Int, Sendable {
  case restricted = 0
  case denied = 1
  case available = 2
}

@available(iOS 2.0, *)
@MainActor open class UIResponder: NSObject {
  public nonisolated override init() { super.init() }
}

@available(iOS 2.0, *)
@MainActor open class UIApplication: UIResponder {
  typealias Handler = @MainActor @Sendable () -> Void

  open class var shared: UIApplication { instance }
  private static let instance = UIApplication()
  nonisolated let simulated = Simulated()

  @available(iOS 7.0, *)
  open var backgroundRefreshStatus: UIBackgroundRefreshStatus {
    simulated.lock.withLock { simulated.refreshStatus }
  }

  /// In the foreground a very large number: assumed.
  @available(iOS 4.0, *)
  nonisolated open var backgroundTimeRemaining: TimeInterval {
    simulated.lock.withLock { simulated.remaining }
  }

  nonisolated public static let didEnterBackgroundNotification = NSNotification.Name(
    "UIApplicationDidEnterBackgroundNotification")
  nonisolated public static let didBecomeActiveNotification = NSNotification.Name(
    "UIApplicationDidBecomeActiveNotification")

  /// "Marks the start of a task that should continue if the app enters the background."
  @available(iOS 7.0, *)
  nonisolated open func beginBackgroundTask(
    withName taskName: String?, expirationHandler handler: (@MainActor @Sendable () -> Void)? = nil
  ) -> UIBackgroundTaskIdentifier {
    let (identifier, isHasty) = simulated.lock.withLock {
      // "This method returns UIBackgroundTaskInvalid if running in the background is not possible."
      guard !simulated.isRefusing else { return (UIBackgroundTaskIdentifier.invalid, false) }
      simulated.count += 1
      simulated.open[simulated.count] = (taskName ?? "", handler)
      return (UIBackgroundTaskIdentifier(rawValue: simulated.count), simulated.isHasty)
    }
    if isHasty, let handler { DispatchQueue.main.sync { MainActor.assumeIsolated(handler) } }
    return identifier
  }

  /// "You must call this method to end a task … If you do not, the system may terminate your app.
  /// This method can be safely called on a non-main thread."
  @available(iOS 4.0, *)
  nonisolated open func endBackgroundTask(_ identifier: UIBackgroundTaskIdentifier) {
    simulated.lock.withLock {
      let ended = simulated.open.removeValue(forKey: identifier.rawValue)
      precondition(ended != nil, "\(identifier) was ended twice, or never begun")
    }
  }

  final class Simulated: @unchecked Sendable {
    let lock = NSLock()
    var remaining: TimeInterval = .greatestFiniteMagnitude
    var refreshStatus = UIBackgroundRefreshStatus.available
    var isRefusing = false
    var isHasty = false
    var count = 0
    var open: [Int: (name: String, handler: Handler?)] = [:]
  }
}

/// What a test controls in the place of iOS.
@_spi(Simulator) extension UIApplication {
  public nonisolated var openBackgroundTasks: [String] {
    simulated.lock.withLock { simulated.open.values.map(\.name).sorted() }
  }

  public nonisolated var begunBackgroundTasks: Int {
    simulated.lock.withLock { simulated.count }
  }

  public nonisolated func set(refreshStatus: UIBackgroundRefreshStatus) {
    simulated.lock.withLock { simulated.refreshStatus = refreshStatus }
  }

  public nonisolated func refuseBackgroundTasks() {
    simulated.lock.withLock { simulated.isRefusing = true }
  }

  /// From now on takes time back before `beginBackgroundTask` returns its identifier.
  public nonisolated func takeTimeBackAtOnce() {
    simulated.lock.withLock { simulated.isHasty = true }
  }

  /// Leaves the app, as the user does.
  public nonisolated func enterBackground(remaining: TimeInterval) {
    simulated.lock.withLock { simulated.remaining = remaining }
    NotificationCenter.default.post(name: Self.didEnterBackgroundNotification, object: nil)
  }

  /// Returns to the app.
  public nonisolated func becomeActive() {
    simulated.lock.withLock { simulated.remaining = .greatestFiniteMagnitude }
    NotificationCenter.default.post(name: Self.didBecomeActiveNotification, object: nil)
  }

  /// "A handler to be called shortly before the app’s remaining background time reaches 0. … The
  /// system calls the handler synchronously on the main thread"
  @MainActor public func expireBackgroundTasks() {
    let open = simulated.lock.withLock { simulated.open }
    for (_, handler) in open.values { handler?() }
    // "Failure to end the task explicitly will result in the termination of the app."
    let left = simulated.lock.withLock { open.keys.filter { simulated.open[$0] != nil } }
    precondition(left.isEmpty, "a background task was not ended in its expiration handler")
  }
}

/// A member of Foundation on iOS that Linux lacks.
extension ProcessInfo {
  public var isLowPowerModeEnabled: Bool { simulatedLowPower.withLock { $0 } }

  @_spi(Simulator) public func set(isLowPowerModeEnabled: Bool) {
    simulatedLowPower.withLock { $0 = isLowPowerModeEnabled }
  }
}

private let simulatedLowPower = Locked(false)

private final class Locked<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value
  init(_ value: Value) { self.value = value }
  func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    lock.withLock { body(&value) }
  }
}
