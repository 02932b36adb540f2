import Foundation
import UIKit
import UserNotifications

/// The app's background services. Every member but `capabilities` may be used from any thread or
/// actor.
public enum Bgsvc {
  /// Every service of this app.
  public nonisolated static var services: [BgsvcService] { BgsvcApp.shared.services }

  /// Registers the app's tasks with iOS, and requests their windows.
  ///
  /// Call it once, before the app has launched: in
  /// `application(_:didFinishLaunchingWithOptions:)`, or in the `init` of a SwiftUI `App`. A second
  /// call does nothing.
  ///
  /// - Returns: An error for each task whose identifier is missing in the app's `Info.plist`.
  @discardableResult
  public nonisolated static func register() -> [BgsvcError] { BgsvcApp.shared.register() }

  /// Starts a service because the user asked for it, and requests its windows from iOS.
  ///
  /// The run goes on while the app is in use, and for as long after that as iOS allows.
  @discardableResult
  public nonisolated static func start(_ service: BgsvcService) async -> BgsvcStart {
    await BgsvcApp.shared.start(service, .user)
  }

  /// Stops a service until it is started again, and requests no more windows for it.
  ///
  /// Returns before the service has stopped: the event `stopped` follows.
  public nonisolated static func stop(_ service: BgsvcService) async throws {
    try await BgsvcApp.shared.stop(service, reason: "userStop")
  }

  /// The state of a service; does not start Python.
  public nonisolated static func state(of service: BgsvcService) async -> BgsvcState {
    await BgsvcApp.shared.state(of: service)
  }

  /// The events of all services from now on; each call returns a stream of its own.
  public nonisolated static var events: AsyncStream<BgsvcEvent> { BgsvcApp.shared.events() }

  /// The last windows that iOS granted, oldest first.
  public nonisolated static var history: [BgsvcPastWindow] {
    BgsvcApp.shared.windowHistory.pastWindows
  }

  /// Sends `data` to a running service, which receives it in `ctx.on_message`.
  public nonisolated static func send(_ data: BgsvcValue, to service: BgsvcService) async throws {
    try await BgsvcApp.shared.send(data, to: service)
  }

  /// Passes the user's response to a notification on to the service that showed it.
  ///
  /// Call it from the app's own `UNUserNotificationCenterDelegate`.
  ///
  /// - Returns: Whether a service showed the notification.
  @discardableResult
  public nonisolated static func handle(_ response: UNNotificationResponse) -> Bool {
    let request = response.notification.request
    return BgsvcApp.shared.handleAction(
      response.actionIdentifier, on: request.identifier, of: request.content.threadIdentifier)
  }

  /// What this device lets the app do in the background at the moment.
  @MainActor public static var capabilities: BgsvcCapabilities { .current() }
}
