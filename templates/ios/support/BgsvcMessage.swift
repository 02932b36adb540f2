import Foundation

/// An event of a service, emitted by the service itself or by the runtime.
public struct BgsvcEvent: Sendable, Hashable {
  /// The name of the service.
  public let service: String
  /// The number of the run, counted since the app was installed.
  public let run: Int
  /// The number of the event among the service's events.
  public let sequence: Int
  public let time: Date
  /// `started`, `stopped`, `error`, …, or a name that the service chose.
  public let name: String
  public let data: BgsvcValue
}

/// Why a run ended, as the bridge spells it.
enum BgsvcStopReason: String, Sendable, CaseIterable {
  case userStop, appStop, nativeNotificationStop, taskCompleted
  case error, platformExpiration, platformTimeout, osRestart, bootRecovery, processExit

  /// Whether the service does not run again until it is started.
  nonisolated var clearsDesiredState: Bool {
    switch self {
    case .userStop, .appStop, .nativeNotificationStop, .taskCompleted: true
    default: false
    }
  }

  /// Whether the run was cut short, or failed.
  nonisolated var isFailure: Bool {
    switch self {
    case .error, .platformExpiration, .platformTimeout, .processExit: true
    default: false
    }
  }
}

/// A notification that a service shows, updates or cancels.
struct BgsvcNotification: Sendable, Hashable {
  enum Operation: String, Sendable { case show, update, cancel }
  struct Action: Sendable, Hashable {
    let id: String
    let title: String
  }

  let service: String
  let operation: Operation
  let key: String
  let title: String
  let body: String
  let actions: [Action]
}

/// A message of the runtime, as `docs/bridge.md` describes it.
enum BgsvcMessage: Sendable, Hashable {
  case event(BgsvcEvent)
  case notification(BgsvcNotification)
  case finiteTask(id: String, name: String, isOpen: Bool)
  case desiredState(service: String, running: Bool)

  /// Parses a message; `nil` if this version does not know its type or format.
  nonisolated init?(_ text: String) {
    guard let fields = BgsvcValue(json: text), fields["v"]?.number == 1 else { return nil }
    let message: BgsvcMessage? =
      switch fields["type"]?.string {
      case "event": Self.event(fields)
      case "notification": Self.notification(fields)
      case "finiteTask": Self.finiteTask(fields)
      case "desiredState": Self.desiredState(fields)
      default: nil
      }
    guard let message else { return nil }
    self = message
  }

  private nonisolated static func event(_ fields: BgsvcValue) -> BgsvcMessage? {
    guard let service = fields["service"]?.string, let name = fields["event"]?.string else {
      return nil
    }
    return .event(
      BgsvcEvent(
        service: service,
        run: fields["run"]?.number.flatMap { Int(exactly: $0) } ?? 0,
        sequence: fields["seq"]?.number.flatMap { Int(exactly: $0) } ?? 0,
        time: Date(timeIntervalSince1970: fields["time"]?.number ?? 0),
        name: name,
        data: fields["data"] ?? .object([:])))
  }

  private nonisolated static func notification(_ fields: BgsvcValue) -> BgsvcMessage? {
    guard
      let service = fields["service"]?.string, let key = fields["key"]?.string,
      let operation = fields["op"]?.string.flatMap(BgsvcNotification.Operation.init)
    else { return nil }
    let actions = (fields["actions"]?.array ?? []).compactMap { action in
      action["id"]?.string.map {
        BgsvcNotification.Action(id: $0, title: action["title"]?.string ?? $0)
      }
    }
    return .notification(
      BgsvcNotification(
        service: service, operation: operation, key: key,
        title: fields["title"]?.string ?? "", body: fields["body"]?.string ?? "",
        actions: actions))
  }

  private nonisolated static func finiteTask(_ fields: BgsvcValue) -> BgsvcMessage? {
    guard let id = fields["task"]?.string, let operation = fields["op"]?.string else { return nil }
    return .finiteTask(
      id: id, name: fields["name"]?.string ?? "", isOpen: operation == "begin")
  }

  private nonisolated static func desiredState(_ fields: BgsvcValue) -> BgsvcMessage? {
    guard let service = fields["service"]?.string, let running = fields["running"]?.bool else {
      return nil
    }
    return .desiredState(service: service, running: running)
  }
}
