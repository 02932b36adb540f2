import Foundation
import UserNotifications

/// Shows what services want to be seen; asks the user for leave when there is something to show.
///
/// The app's own delegate stays in its place: it passes on what is for a service.
final class BgsvcNotifications: @unchecked Sendable {
  /// What the identifiers of ours begin with.
  nonisolated static let prefix = "bgsvc."

  private let lock = NSLock()
  private var categories: [String: [BgsvcNotification.Action]] = [:]

  nonisolated init() {}

  /// Does what `notification` asks for.
  nonisolated func take(_ notification: BgsvcNotification) {
    let center = UNUserNotificationCenter.current()
    let identifier = Self.prefix + notification.key
    guard notification.operation != .cancel else {
      center.removePendingNotificationRequests(withIdentifiers: [identifier])
      center.removeDeliveredNotifications(withIdentifiers: [identifier])
      return
    }
    center.getNotificationSettings { @Sendable [self] settings in
      switch settings.authorizationStatus {
      case .notDetermined: ask(notification)
      case .denied: NSLog("bgsvc: the user does not want to see %@", notification.title)
      default: show(notification)
      }
    }
  }

  /// The key of a notification that is ours; `nil` for one of the app's own.
  nonisolated static func key(_ identifier: String) -> String? {
    identifier.hasPrefix(prefix) ? String(identifier.dropFirst(prefix.count)) : nil
  }

  /// Whether an action is a button, and not that the notification was opened or dismissed.
  nonisolated static func isButton(_ action: String) -> Bool {
    ![UNNotificationDefaultActionIdentifier, UNNotificationDismissActionIdentifier].contains(action)
  }

  private nonisolated func ask(_ notification: BgsvcNotification) {
    UNUserNotificationCenter.current().requestAuthorization(options: [.alert, .sound]) {
      @Sendable [self] isGranted, error in
      if let error { NSLog("bgsvc: no leave to notify: %@", "\(error)") }
      if isGranted { show(notification) }
    }
  }

  private nonisolated func show(_ notification: BgsvcNotification) {
    guard !notification.actions.isEmpty else { return add(notification) }
    define(notification) { [self] in add(notification) }
  }

  private nonisolated func add(_ notification: BgsvcNotification) {
    let content = UNMutableNotificationContent()
    content.title = notification.title
    content.body = notification.body
    content.threadIdentifier = notification.service
    if !notification.actions.isEmpty { content.categoryIdentifier = Self.category(notification) }
    if notification.operation == .show {
      content.sound = .default
    } else if #available(iOS 15.0, *) {
      // A change is no reason to light the screen.
      content.interruptionLevel = .passive
    }
    let request = UNNotificationRequest(
      identifier: Self.prefix + notification.key, content: content, trigger: nil)
    UNUserNotificationCenter.current().add(request) { @Sendable error in
      if let error { NSLog("bgsvc: a notification was not shown: %@", "\(error)") }
    }
  }

  /// Adds the category of a notification with buttons to those that the app has.
  private nonisolated func define(
    _ notification: BgsvcNotification, done: @escaping @Sendable () -> Void
  ) {
    lock.withLock { categories[Self.category(notification)] = notification.actions }
    UNUserNotificationCenter.current().getNotificationCategories { @Sendable [self] found in
      // All of ours, for what another notification added meanwhile would be lost otherwise.
      let ours = lock.withLock { categories }.map { identifier, actions in
        let buttons = actions.map {
          UNNotificationAction(identifier: $0.id, title: $0.title, options: [])
        }
        return UNNotificationCategory(
          identifier: identifier, actions: buttons, intentIdentifiers: [], options: [])
      }
      let names = Set(ours.map(\.identifier))
      let others = found.filter { !names.contains($0.identifier) }
      UNUserNotificationCenter.current().setNotificationCategories(others.union(ours))
      done()
    }
  }

  /// The same buttons are the same category.
  private nonisolated static func category(_ notification: BgsvcNotification) -> String {
    prefix + notification.actions.map { "\($0.id)=\($0.title)" }.joined(separator: "&")
  }
}
