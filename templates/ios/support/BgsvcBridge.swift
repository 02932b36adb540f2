import Foundation

/// Speaks the bridge's JSON with the runtime: requests there, its messages back.
///
/// A request waits for Python, never for a service; not to be sent from the main thread.
final class BgsvcBridge: @unchecked Sendable {
  /// Answers one request; may be called from any thread.
  typealias Receive = @Sendable (_ request: String) throws -> String

  /// Why a service is started, in the bridge's words.
  enum StartReason: String, Sendable, CaseIterable { case user, app, replay, task }

  private let hello: [String: BgsvcValue]
  private let receive: Receive
  private let greeting = NSLock()
  private var hasGreeted = false
  private let lock = NSLock()
  private var isInUse = false
  private var lastID = 0

  /// - Parameters:
  ///   - app: The app's identifier in the spec.
  ///   - folder: Where the runtime keeps its state; backed up, so not a cache.
  ///   - language: The user's, for labels.
  ///   - receive: Carries a request to Python.
  nonisolated init(app: String, folder: URL, language: String?, receive: @escaping Receive) {
    var hello: [String: BgsvcValue] = [
      "platform": .string("ios"), "host": .string("xcode"), "app": .string(app),
      "dataDir": .string(folder.path),
    ]
    if let language { hello["language"] = .string(language) }
    self.hello = hello
    self.receive = receive
  }

  /// Whether anything was asked of Python: before that there is no service to tell anything.
  nonisolated var isUsed: Bool { lock.withLock { isInUse } }

  /// Starts a run and returns its number.
  ///
  /// - Parameter granted: The seconds that iOS gives it, where there is a limit.
  nonisolated func start(
    _ service: BgsvcService, _ reason: StartReason, granted: TimeInterval?
  ) throws -> Int {
    var fields: [String: BgsvcValue] = ["reason": .string(reason.rawValue)]
    if let granted { fields["deadline"] = .number(granted) }
    fields["config"] = BgsvcValue(json: service.config)
    let result = try ask("start", fields)
    return result["run"]?.number.flatMap { Int(exactly: $0) } ?? 0
  }

  /// Stops a service for good, until it is started again; returns before it has stopped.
  nonisolated func stop(_ service: BgsvcService, reason: String) throws {
    _ = try ask("stop", ["service": .string(service.name), "reason": .string(reason)])
  }

  /// Tells a running service that iOS ends it in `remaining` seconds: its token is set.
  nonisolated func expire(_ service: BgsvcService, remaining: TimeInterval) throws {
    _ = try ask(
      "expire",
      [
        "service": .string(service.name), "reason": .string("platformExpiration"),
        "remaining": .number(remaining),
      ])
  }

  /// What the runtime knows about a service.
  nonisolated func state(of service: BgsvcService) throws -> BgsvcState {
    BgsvcState(try ask("state", ["service": .string(service.name)]), service.name)
  }

  /// Tells every service that the app came to the front, or left it.
  ///
  /// - Parameter remaining: The seconds that finite tasks have, where there is a limit.
  nonisolated func appState(isActive: Bool, remaining: TimeInterval? = nil) throws {
    var fields: [String: BgsvcValue] = ["state": .string(isActive ? "active" : "background")]
    if let remaining { fields["remaining"] = .number(remaining) }
    _ = try ask("appState", fields)
  }

  /// Tells a service that the user pressed a button of its notification.
  nonisolated func act(_ service: String, notification key: String, action: String) throws {
    _ = try ask(
      "action",
      [
        "service": .string(service), "notification": .string(key), "action": .string(action),
      ])
  }

  /// Tells who holds a finite task that its time is up.
  nonisolated func expireFiniteTask(_ id: String) throws {
    _ = try ask("finiteTaskExpire", ["task": .string(id)])
  }

  /// Hands `data` to a running service.
  nonisolated func send(_ data: BgsvcValue, to service: BgsvcService) throws {
    _ = try ask("message", ["service": .string(service.name), "data": data])
  }

  /// Sends a request and returns its result.
  nonisolated func ask(_ type: String, _ fields: [String: BgsvcValue]) throws -> BgsvcValue {
    lock.withLock { isInUse = true }
    try greet()
    return try exchange(type, fields)
  }

  /// Tells the runtime where it runs, before anything else is asked of it.
  private nonisolated func greet() throws {
    try greeting.withLock {
      if hasGreeted { return }
      _ = try exchange("hello", hello)
      hasGreeted = true
    }
  }

  private nonisolated func exchange(
    _ type: String, _ fields: [String: BgsvcValue]
  ) throws -> BgsvcValue {
    let id = lock.withLock {
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
