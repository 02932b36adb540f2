import Foundation
import UIKit
import UserNotifications

/// The app's background services. All of it may be called from any thread, and from any actor.
public enum Bgsvc {
  /// Every service of this app.
  public nonisolated static var services: [BgsvcService] { BgsvcApp.shared.services }

  /// Registers the app's tasks with iOS, and asks for their windows.
  ///
  /// To be called once, before the app has launched: in
  /// `application(_:didFinishLaunchingWithOptions:)`, or in the `init` of a SwiftUI `App`. A second
  /// call does nothing.
  ///
  /// - Returns: An error for each task whose identifier is missing in the app's `Info.plist`.
  @discardableResult
  public nonisolated static func register() -> [BgsvcError] { BgsvcApp.shared.register() }

  /// Starts a service because the user asked for it, and asks iOS for its windows.
  ///
  /// The run goes on while the app is in use, and for as long after that as iOS allows.
  @discardableResult
  public nonisolated static func start(_ service: BgsvcService) async -> BgsvcStart {
    await BgsvcApp.shared.start(service, .user)
  }

  /// Stops a service until it is started again; iOS is asked for no more windows of it.
  ///
  /// Returns before the service has stopped: `events` tells when.
  public nonisolated static func stop(_ service: BgsvcService) async throws {
    try await BgsvcApp.shared.stop(service, reason: "userStop")
  }

  /// What is known about a service.
  public nonisolated static func state(of service: BgsvcService) async -> BgsvcState {
    await BgsvcApp.shared.state(of: service)
  }

  /// What services say from now on; each reader has a stream of its own.
  public nonisolated static var events: AsyncStream<BgsvcEvent> { BgsvcApp.shared.events() }

  /// The last windows that iOS granted, oldest first.
  public nonisolated static var history: [BgsvcPastWindow] { BgsvcApp.shared.ledger.history }

  /// Hands `data` to a running service: its `ctx.on_message`.
  public nonisolated static func send(_ data: BgsvcValue, to service: BgsvcService) async throws {
    try await BgsvcApp.shared.send(data, to: service)
  }

  /// Passes a response to a service's notification on to it.
  ///
  /// To be called by the app's own `UNUserNotificationCenterDelegate`.
  ///
  /// - Returns: Whether the notification was a service's.
  @discardableResult
  public nonisolated static func handle(_ response: UNNotificationResponse) -> Bool {
    let request = response.notification.request
    return BgsvcApp.shared.act(
      on: request.identifier, of: request.content.threadIdentifier, response.actionIdentifier)
  }

  /// What this device lets the app do in the background, at the moment.
  @MainActor public static var capabilities: BgsvcCapabilities { .current() }
}
