import Foundation
import UserNotifications

/// Shows the notifications of services; asks the user for permission before the first one.
///
/// The app keeps its own delegate, which passes the responses on: `Bgsvc.handle`.
final class BgsvcNotifications: Sendable {
  /// How the identifier of a service's notification or category begins.
  nonisolated static let identifierPrefix = "bgsvc."

  private let categories = BgsvcLocked<[String: [BgsvcNotification.Action]]>([:])

  nonisolated init() {}

  /// Shows, updates or cancels a notification.
  nonisolated func handle(_ notification: BgsvcNotification) {
    let center = UNUserNotificationCenter.current()
    let identifier = Self.identifierPrefix + notification.key
    guard notification.operation != .cancel else {
      center.removePendingNotificationRequests(withIdentifiers: [identifier])
      center.removeDeliveredNotifications(withIdentifiers: [identifier])
      return
    }
    center.getNotificationSettings { @Sendable [self] settings in
      switch settings.authorizationStatus {
      case .notDetermined: requestAuthorization(toShow: notification)
      case .denied: NSLog("bgsvc: the user denies notifications; not shown: %@", notification.title)
      default: show(notification)
      }
    }
  }

  /// The key of a service's notification; `nil` for the app's own.
  nonisolated static func key(of identifier: String) -> String? {
    guard identifier.hasPrefix(identifierPrefix) else { return nil }
    return String(identifier.dropFirst(identifierPrefix.count))
  }

  /// Whether an action is a button; otherwise the user opened or dismissed the notification.
  nonisolated static func isButton(_ action: String) -> Bool {
    ![UNNotificationDefaultActionIdentifier, UNNotificationDismissActionIdentifier].contains(action)
  }

  private nonisolated func requestAuthorization(toShow notification: BgsvcNotification) {
    UNUserNotificationCenter.current().requestAuthorization(options: [.alert, .sound]) {
      @Sendable [self] isGranted, error in
      if let error { NSLog("bgsvc: could not ask for permission to notify: %@", "\(error)") }
      if isGranted { show(notification) }
    }
  }

  private nonisolated func show(_ notification: BgsvcNotification) {
    guard !notification.actions.isEmpty else { return add(notification) }
    registerCategory(of: notification) { [self] in add(notification) }
  }

  private nonisolated func add(_ notification: BgsvcNotification) {
    let content = UNMutableNotificationContent()
    content.title = notification.title
    content.body = notification.body
    content.threadIdentifier = notification.service
    if !notification.actions.isEmpty {
      content.categoryIdentifier = Self.categoryIdentifier(of: notification)
    }
    if notification.operation == .show {
      content.sound = .default
    } else if #available(iOS 15.0, *) {
      // An update must not light the screen.
      content.interruptionLevel = .passive
    }
    let request = UNNotificationRequest(
      identifier: Self.identifierPrefix + notification.key, content: content, trigger: nil)
    UNUserNotificationCenter.current().add(request) { @Sendable error in
      if let error { NSLog("bgsvc: could not show a notification: %@", "\(error)") }
    }
  }

  /// Adds the category of a notification with buttons to the app's categories.
  private nonisolated func registerCategory(
    of notification: BgsvcNotification, completion: @escaping @Sendable () -> Void
  ) {
    categories.withLock {
      $0[Self.categoryIdentifier(of: notification)] = notification.actions
    }
    UNUserNotificationCenter.current().getNotificationCategories { @Sendable [self] existing in
      // All categories of services: one that was added meanwhile would be lost otherwise.
      let ours = categories.withLock { $0 }.map { identifier, actions in
        let buttons = actions.map {
          UNNotificationAction(identifier: $0.id, title: $0.title, options: [])
        }
        return UNNotificationCategory(
          identifier: identifier, actions: buttons, intentIdentifiers: [], options: [])
      }
      let names = Set(ours.map(\.identifier))
      let others = existing.filter { !names.contains($0.identifier) }
      UNUserNotificationCenter.current().setNotificationCategories(others.union(ours))
      completion()
    }
  }

  /// Notifications with the same buttons share a category.
  private nonisolated static func categoryIdentifier(of notification: BgsvcNotification) -> String {
    identifierPrefix + notification.actions.map { "\($0.id)=\($0.title)" }.joined(separator: "&")
  }
}
