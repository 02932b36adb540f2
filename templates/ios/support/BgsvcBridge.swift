import Foundation

/// Sends requests to the runtime, in the JSON that `docs/bridge.md` describes.
///
/// A request waits for Python, never for a service; do not send one from the main thread.
final class BgsvcBridge: Sendable {
  /// Returns the reply to one request; may be called from any thread.
  typealias Receive = @Sendable (_ request: String) throws -> String

  /// Why a service is started, as the bridge spells it.
  enum StartReason: String, Sendable, CaseIterable { case user, app, replay, task }

  private let hello: [String: BgsvcValue]
  private let receive: Receive
  // Its lock is held during the exchange: no request overtakes the hello.
  private let hasSentHello = BgsvcLocked(false)
  private let hasSentRequest = BgsvcLocked(false)
  private let lastID = BgsvcLocked(0)

  /// - Parameters:
  ///   - app: The app's identifier in the spec.
  ///   - folder: Where the runtime keeps its state; backed up, so not a cache.
  ///   - language: The user's language, for labels.
  ///   - receive: Passes a request to Python.
  nonisolated init(app: String, folder: URL, language: String?, receive: @escaping Receive) {
    var hello: [String: BgsvcValue] = [
      "platform": .string("ios"), "host": .string("xcode"), "app": .string(app),
      "dataDir": .string(folder.path),
    ]
    if let language { hello["language"] = .string(language) }
    self.hello = hello
    self.receive = receive
  }

  /// Whether a request was sent to Python; before the first one no service can run.
  nonisolated var hasContactedPython: Bool { hasSentRequest.withLock { $0 } }

  /// Starts a run and returns its number.
  ///
  /// - Parameter granted: The seconds that iOS grants the run; `nil` where it sets no limit.
  nonisolated func start(
    _ service: BgsvcService, _ reason: StartReason, granted: TimeInterval?
  ) throws -> Int {
    var fields: [String: BgsvcValue] = ["reason": .string(reason.rawValue)]
    if let granted { fields["deadline"] = .number(granted) }
    fields["config"] = BgsvcValue(json: service.config)
    let result = try sendRequest("start", fields)
    return result["run"]?.number.flatMap { Int(exactly: $0) } ?? 0
  }

  /// Stops a service until it is started again; returns before it has stopped.
  nonisolated func stop(_ service: BgsvcService, reason: String) throws {
    _ = try sendRequest("stop", ["service": .string(service.name), "reason": .string(reason)])
  }

  /// Sets the shutdown token of a running service, which iOS ends in `remaining` seconds.
  nonisolated func expire(_ service: BgsvcService, remaining: TimeInterval) throws {
    _ = try sendRequest(
      "expire",
      [
        "service": .string(service.name), "reason": .string("platformExpiration"),
        "remaining": .number(remaining),
      ])
  }

  /// The runtime's state of a service.
  nonisolated func state(of service: BgsvcService) throws -> BgsvcState {
    BgsvcState(try sendRequest("state", ["service": .string(service.name)]), service.name)
  }

  /// Reports to every service that the app became active, or entered the background.
  ///
  /// - Parameter remaining: The seconds that finite tasks have; `nil` where there is no limit.
  nonisolated func sendAppState(isActive: Bool, remaining: TimeInterval? = nil) throws {
    var fields: [String: BgsvcValue] = ["state": .string(isActive ? "active" : "background")]
    if let remaining { fields["remaining"] = .number(remaining) }
    _ = try sendRequest("appState", fields)
  }

  /// Reports to a service that the user pressed a button of its notification.
  nonisolated func sendAction(_ action: String, on key: String, to service: String) throws {
    _ = try sendRequest(
      "action",
      [
        "service": .string(service), "notification": .string(key), "action": .string(action),
      ])
  }

  /// Reports to the owner of a finite task that its time is over.
  nonisolated func expireFiniteTask(_ id: String) throws {
    _ = try sendRequest("finiteTaskExpire", ["task": .string(id)])
  }

  /// Sends `data` to a running service.
  nonisolated func send(_ data: BgsvcValue, to service: BgsvcService) throws {
    _ = try sendRequest("message", ["service": .string(service.name), "data": data])
  }

  /// Sends a request and returns its result.
  nonisolated func sendRequest(_ type: String, _ fields: [String: BgsvcValue]) throws -> BgsvcValue
  {
    hasSentRequest.withLock { $0 = true }
    try sendHello()
    return try exchange(type, fields)
  }

  /// Introduces the app to the runtime; the bridge requires this as the first request.
  private nonisolated func sendHello() throws {
    try hasSentHello.withLock { hasSentHello in
      if hasSentHello { return }
      _ = try exchange("hello", hello)
      hasSentHello = true
    }
  }

  private nonisolated func exchange(
    _ type: String, _ fields: [String: BgsvcValue]
  ) throws -> BgsvcValue {
    let id = lastID.withLock { lastID in
      lastID += 1
      return lastID
    }
    var request = fields
    request["v"] = .number(1)
    request["type"] = .string(type)
    request["id"] = .string("\(id)")
    let reply = BgsvcValue(json: try receive(BgsvcValue.object(request).json))
    if reply?["ok"]?.bool == true { return reply?["result"] ?? .object([:]) }
    let error = reply?["error"]
    throw BgsvcError(
      .runtime(error?["code"]?.string ?? "unknown"),
      error?["message"]?.string ?? "the runtime gave no reply to \(type)",
      fix: error?["fix"]?.string ?? "")
  }
}
