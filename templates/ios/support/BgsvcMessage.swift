import Foundation

/// Something that a service, or the runtime on its behalf, says.
public struct BgsvcEvent: Sendable, Hashable {
  /// The name of the service.
  public let service: String
  /// Counts the service's runs, over the life of the installation.
  public let run: Int
  /// Counts the service's events.
  public let sequence: Int
  public let time: Date
  /// `started`, `stopped`, `error`, …, or the service's own.
  public let name: String
  public let data: BgsvcValue
}

/// Why a run ended, in the bridge's words.
enum BgsvcStopReason: String, Sendable, CaseIterable {
  case userStop, appStop, nativeNotificationStop, taskCompleted
  case error, platformExpiration, platformTimeout, osRestart, bootRecovery, processExit

  /// Whether the service is not to run again until it is started.
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

/// What a service asks the user to see.
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

/// A message of the runtime, as `docs/bridge.md` has it.
enum BgsvcMessage: Sendable, Hashable {
  case event(BgsvcEvent)
  case notification(BgsvcNotification)
  case finiteTask(id: String, name: String, isOpen: Bool)
  case desiredState(service: String, running: Bool)

  /// Reads one; `nil` if it is none that this version knows.
  nonisolated init?(_ text: String) {
    guard let fields = BgsvcValue(json: text), fields["v"]?.number == 1 else { return nil }
    let found: BgsvcMessage? =
      switch fields["type"]?.string {
      case "event": Self.event(fields)
      case "notification": Self.notification(fields)
      case "finiteTask": Self.finiteTask(fields)
      case "desiredState": Self.desiredState(fields)
      default: nil
      }
    guard let found else { return nil }
    self = found
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
