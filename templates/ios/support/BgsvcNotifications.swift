import Foundation
import UserNotifications

/// Shows what services want to be seen; asks the user for leave when there is something to show.
///
/// The app's own delegate stays in its place: it passes on what is for a service.
final class BgsvcNotifications: @unchecked Sendable {
  /// What the identifiers of ours begin with.
  nonisolated static let prefix = "bgsvc."

  private let lock = NSLock()
  private var services: [String: String] = [:]

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
    lock.withLock { services[notification.key] = notification.service }
    center.getNotificationSettings { @Sendable [self] settings in
      switch settings.authorizationStatus {
      case .notDetermined: ask(notification)
      case .denied: NSLog("bgsvc: the user does not want to see %@", notification.title)
      default: show(notification)
      }
    }
  }

  /// The service, the key and the button of a response that is for us; `nil` for the app's own.
  nonisolated func action(
    _ identifier: String, _ action: String
  ) -> (service: String, key: String, action: String)? {
    guard identifier.hasPrefix(Self.prefix) else { return nil }
    let key = String(identifier.dropFirst(Self.prefix.count))
    return lock.withLock { services[key] }.map { ($0, key, action) }
  }

  private nonisolated func ask(_ notification: BgsvcNotification) {
    UNUserNotificationCenter.current().requestAuthorization(options: [.alert, .sound]) {
      @Sendable [self] isGranted, error in
      if let error { NSLog("bgsvc: no leave to notify: %@", "\(error)") }
      if isGranted { show(notification) }
    }
  }

  private nonisolated func show(_ notification: BgsvcNotification) {
    let content = UNMutableNotificationContent()
    content.title = notification.title
    content.body = notification.body
    content.threadIdentifier = notification.service
    if notification.operation == .show {
      content.sound = .default
    } else if #available(iOS 15.0, *) {
      // A change is no reason to light the screen.
      content.interruptionLevel = .passive
    }
    let request = UNNotificationRequest(
      identifier: Self.prefix + notification.key, content: content, trigger: nil)
    guard !notification.actions.isEmpty else { return add(request) }
    let category = Self.category(notification)
    content.categoryIdentifier = category
    let changed = UNNotificationRequest(
      identifier: request.identifier, content: content, trigger: nil)
    define(category, notification.actions) { [self] in add(changed) }
  }

  private nonisolated func add(_ request: UNNotificationRequest) {
    UNUserNotificationCenter.current().add(request) { @Sendable error in
      if let error { NSLog("bgsvc: a notification was not shown: %@", "\(error)") }
    }
  }

  /// Adds a category to those that the app has.
  private nonisolated func define(
    _ category: String, _ actions: [BgsvcNotification.Action],
    done: @escaping () -> Void
  ) {
    let center = UNUserNotificationCenter.current()
    let buttons = actions.map {
      UNNotificationAction(identifier: $0.id, title: $0.title, options: [])
    }
    let ours = UNNotificationCategory(
      identifier: category, actions: buttons, intentIdentifiers: [], options: [])
    center.getNotificationCategories { categories in
      center.setNotificationCategories(categories.union([ours]))
      done()
    }
  }

  /// The same buttons are the same category.
  private nonisolated static func category(_ notification: BgsvcNotification) -> String {
    prefix + notification.actions.map { "\($0.id)=\($0.title)" }.joined(separator: "&")
  }
}
