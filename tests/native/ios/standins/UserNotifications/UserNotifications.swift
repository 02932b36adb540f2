// The part of Apple's UserNotifications that the sources use, for Linux. Quotes are from Apple's
// documentation; what no sentence there says is marked "assumed".
import Dispatch
import Foundation

@available(iOS 10.0, *)
public struct UNAuthorizationOptions: OptionSet, Sendable {
  public let rawValue: UInt
  public init(rawValue: UInt) { self.rawValue = rawValue }
  public static var badge: UNAuthorizationOptions { UNAuthorizationOptions(rawValue: 1) }
  public static var sound: UNAuthorizationOptions { UNAuthorizationOptions(rawValue: 2) }
  public static var alert: UNAuthorizationOptions { UNAuthorizationOptions(rawValue: 4) }
}

@available(iOS 10.0, *)
public enum UNAuthorizationStatus: Int, Sendable {
  case notDetermined = 0
  case denied = 1
  case authorized = 2
  @available(iOS 12.0, *) case provisional = 3
  @available(iOS 14.0, *) case ephemeral = 4
}

@available(iOS 15.0, *)
public enum UNNotificationInterruptionLevel: UInt, Sendable {
  case passive = 0
  case active = 1
  case timeSensitive = 2
  case critical = 3
}

@available(iOS 10.0, *)
open class UNNotificationSettings: NSObject {
  let status: UNAuthorizationStatus
  init(_ status: UNAuthorizationStatus) { self.status = status }
  open var authorizationStatus: UNAuthorizationStatus { status }
}

@available(iOS 10.0, *)
open class UNNotificationSound: NSObject {
  nonisolated(unsafe) private static let usual = UNNotificationSound()
  open class var `default`: UNNotificationSound { usual }
}

@available(iOS 10.0, *)
open class UNNotificationContent: NSObject {
  var fields = Fields()
  open var title: String { fields.title }
  open var body: String { fields.body }
  open var sound: UNNotificationSound? { fields.sound }
  open var threadIdentifier: String { fields.thread }
  open var categoryIdentifier: String { fields.category }
  @available(iOS 15.0, *)
  open var interruptionLevel: UNNotificationInterruptionLevel {
    UNNotificationInterruptionLevel(rawValue: fields.level) ?? .active
  }

  struct Fields {
    var title = ""
    var body = ""
    var sound: UNNotificationSound?
    var thread = ""
    var category = ""
    var level: UInt = 1
  }
}

@available(iOS 10.0, *)
open class UNMutableNotificationContent: UNNotificationContent {
  open override var title: String {
    get { fields.title }
    set { fields.title = newValue }
  }
  open override var body: String {
    get { fields.body }
    set { fields.body = newValue }
  }
  open override var sound: UNNotificationSound? {
    get { fields.sound }
    set { fields.sound = newValue }
  }
  open override var threadIdentifier: String {
    get { fields.thread }
    set { fields.thread = newValue }
  }
  open override var categoryIdentifier: String {
    get { fields.category }
    set { fields.category = newValue }
  }
  @available(iOS 15.0, *)
  open override var interruptionLevel: UNNotificationInterruptionLevel {
    get { super.interruptionLevel }
    set { fields.level = newValue.rawValue }
  }
}

@available(iOS 10.0, *)
open class UNNotificationTrigger: NSObject {}

@available(iOS 10.0, *)
open class UNNotificationRequest: NSObject {
  public let identifier: String
  public let content: UNNotificationContent
  public let trigger: UNNotificationTrigger?

  public init(
    identifier: String, content: UNNotificationContent, trigger: UNNotificationTrigger?
  ) {
    self.identifier = identifier
    self.content = content
    self.trigger = trigger
  }
}

/// "An action that indicates the user opened the app from the notification interface."
// swift-format-ignore: AlwaysUseLowerCamelCase
@available(iOS 10.0, *)
public let UNNotificationDefaultActionIdentifier = "com.apple.UNNotificationDefaultActionIdentifier"

/// "The action that indicates the user explicitly dismissed the notification interface."
// swift-format-ignore: AlwaysUseLowerCamelCase
@available(iOS 10.0, *)
public let UNNotificationDismissActionIdentifier = "com.apple.UNNotificationDismissActionIdentifier"

@available(iOS 10.0, *)
open class UNNotification: NSObject {
  public let request: UNNotificationRequest
  init(_ request: UNNotificationRequest) { self.request = request }
}

@available(iOS 10.0, *)
open class UNNotificationResponse: NSObject {
  public let notification: UNNotification
  public let actionIdentifier: String

  init(_ notification: UNNotification, _ action: String) {
    self.notification = notification
    actionIdentifier = action
  }
}

@available(iOS 10.0, *)
public struct UNNotificationActionOptions: OptionSet, Sendable {
  public let rawValue: UInt
  public init(rawValue: UInt) { self.rawValue = rawValue }
}

@available(iOS 10.0, *)
open class UNNotificationAction: NSObject {
  public let identifier: String
  public let title: String
  public let options: UNNotificationActionOptions

  public init(identifier: String, title: String, options: UNNotificationActionOptions = []) {
    self.identifier = identifier
    self.title = title
    self.options = options
  }
}

@available(iOS 10.0, *)
public struct UNNotificationCategoryOptions: OptionSet, Sendable {
  public let rawValue: UInt
  public init(rawValue: UInt) { self.rawValue = rawValue }
}

@available(iOS 10.0, *)
open class UNNotificationCategory: NSObject {
  public let identifier: String
  public let actions: [UNNotificationAction]

  public init(
    identifier: String, actions: [UNNotificationAction], intentIdentifiers: [String],
    options: UNNotificationCategoryOptions = []
  ) {
    self.identifier = identifier
    self.actions = actions
  }
}

@available(iOS 10.0, *)
public protocol UNUserNotificationCenterDelegate: NSObjectProtocol {}

@available(iOS 10.0, *)
open class UNUserNotificationCenter: NSObject, @unchecked Sendable {
  private static let instance = UNUserNotificationCenter(alone: true)
  open class func current() -> UNUserNotificationCenter { instance }

  private let lock = NSLock()
  private var state = State()

  @available(*, unavailable) public override init() { fatalError("unavailable") }
  init(alone: Bool) { super.init() }

  struct State {
    var status = UNAuthorizationStatus.notDetermined
    var isGranting = true
    var asked = 0
    var categories: Set<UNNotificationCategory> = []
    var requests: [UNNotificationRequest] = []
    var removed: [String] = []
    var delegates = 0
  }

  open weak var delegate: (any UNUserNotificationCenterDelegate)? {
    didSet { lock.withLock { state.delegates += 1 } }
  }

  open func getNotificationSettings(
    completionHandler: @escaping @Sendable (UNNotificationSettings) -> Void
  ) {
    let status = lock.withLock { state.status }
    DispatchQueue.global().async { completionHandler(UNNotificationSettings(status)) }
  }

  /// "Requests a person’s authorization to allow local and remote notifications for your app." That
  /// the answer is remembered is assumed.
  open func requestAuthorization(
    options: UNAuthorizationOptions = [],
    completionHandler: @escaping @Sendable (Bool, (any Error)?) -> Void
  ) {
    let isGranted = lock.withLock {
      state.asked += 1
      state.status = state.isGranting ? .authorized : .denied
      return state.isGranting
    }
    DispatchQueue.global().async { completionHandler(isGranted, nil) }
  }

  /// "Specify nil to deliver the notification right away." "If you use the same identifier when
  /// scheduling a new notification, the system removes the previously scheduled notification with
  /// that identifier and replaces it with the new one."
  open func add(
    _ request: UNNotificationRequest,
    withCompletionHandler completionHandler: (@Sendable ((any Error)?) -> Void)? = nil
  ) {
    lock.withLock {
      state.requests.removeAll { $0.identifier == request.identifier }
      state.requests.append(request)
    }
    if let completionHandler { DispatchQueue.global().async { completionHandler(nil) } }
  }

  /// "The block to execute asynchronously with the results. This block may be executed on a
  /// background thread."
  open func getNotificationCategories(
    completionHandler: @escaping @Sendable (Set<UNNotificationCategory>) -> Void
  ) {
    DispatchQueue.global().async { [self] in
      completionHandler(lock.withLock { state.categories })
    }
  }

  /// "This method registers all of your categories at once, replacing any previously registered
  /// categories with the new ones in the categories parameter."
  open func setNotificationCategories(_ categories: Set<UNNotificationCategory>) {
    lock.withLock { state.categories = categories }
  }

  open func removePendingNotificationRequests(withIdentifiers identifiers: [String]) {}

  /// "Removes your app’s notifications from Notification Center that match the specified
  /// identifiers."
  open func removeDeliveredNotifications(withIdentifiers identifiers: [String]) {
    lock.withLock {
      state.requests.removeAll { identifiers.contains($0.identifier) }
      state.removed += identifiers
    }
  }
}

/// What a test controls in the place of iOS.
@_spi(Simulator) extension UNUserNotificationCenter {
  public func deny() { lock.withLock { state.isGranting = false } }
  public var timesAsked: Int { lock.withLock { state.asked } }
  public var timesDelegateSet: Int { lock.withLock { state.delegates } }
  public var shown: [UNNotificationRequest] { lock.withLock { state.requests } }
  public var removed: [String] { lock.withLock { state.removed } }
  public var categories: Set<UNNotificationCategory> { lock.withLock { state.categories } }

  /// Presses a button of a notification.
  public func press(_ action: String, of request: UNNotificationRequest) -> UNNotificationResponse {
    UNNotificationResponse(UNNotification(request), action)
  }
}
