import Foundation

/// Speaks the bridge's JSON with the runtime: requests there, its messages back.
public final class BgsvcBridge: BgsvcRuntime, @unchecked Sendable {
  /// Answers one request; may be called from any thread, and does not wait for a service.
  public typealias Receive = @Sendable (_ request: String) throws -> String

  private typealias Ended = @Sendable (Bool) -> Void

  private let hello: String
  private let receive: Receive
  private let observer: @Sendable (_ message: String) -> Void
  private let greeting = NSLock()
  private var hasGreeted = false
  private let lock = NSLock()
  private var waiting: [String: [Int: Ended]] = [:]
  private var lastID = 0

  /// - Parameters:
  ///   - app: The app's identifier in the spec.
  ///   - folder: Where the runtime keeps its state; backed up, so not a cache.
  ///   - receive: Carries a request to Python.
  ///   - observer: Sees every message of the runtime, on one of Python's threads; must not wait.
  public nonisolated init(
    app: String,
    folder: URL,
    receive: @escaping Receive,
    observer: @escaping @Sendable (_ message: String) -> Void = { _ in }
  ) {
    self.hello =
      #"{"v":1,"type":"hello","platform":"ios","host":"xcode","app":\#(quoted(app)),"dataDir":\#(quoted(folder.path))}"#
    self.receive = receive
    self.observer = observer
  }

  public nonisolated func start(
    _ service: BgsvcService,
    ended: @escaping @Sendable (_ succeeded: Bool) -> Void
  ) {
    // Waits before it asks: a short run may have ended before the reply is here.
    let id = wait(for: service.name, ended)
    let request =
      #"{"v":1,"type":"start","id":"\#(id)","reason":"task","config":\#(service.config)}"#
    if !isAccepted(request) { stopWaiting(for: service.name, id)?(false) }
  }

  public nonisolated func expire(_ service: BgsvcService, remaining: TimeInterval) {
    let request =
      #"{"v":1,"type":"expire","service":\#(quoted(service.name)),"reason":"platformExpiration","remaining":\#(remaining)}"#
    _ = isAccepted(request)
  }

  /// Takes a message of the runtime.
  public nonisolated func take(_ message: String) {
    observer(message)
    guard
      let fields = object(message), fields["event"] as? String == "stopped",
      let service = fields["service"] as? String,
      let reason = (fields["data"] as? [String: Any])?["reason"] as? String
    else { return }
    let succeeded = reason != "error" && reason != "platformExpiration"
    let ended = lock.withLock { waiting.removeValue(forKey: service) }
    for each in (ended ?? [:]).values { each(succeeded) }
  }

  private nonisolated func isAccepted(_ request: String) -> Bool {
    do {
      try greet()
      return isOk(try receive(request))
    } catch {
      NSLog("bgsvc: no runtime: %@", "\(error)")
      return false
    }
  }

  /// Tells the runtime where it runs, before anything else is asked of it.
  private nonisolated func greet() throws {
    try greeting.withLock {
      if !hasGreeted { hasGreeted = isOk(try receive(hello)) }
    }
  }

  private nonisolated func isOk(_ reply: String) -> Bool {
    if object(reply)?["ok"] as? Bool == true { return true }
    NSLog("bgsvc: the runtime refused: %@", reply)
    return false
  }

  private nonisolated func wait(for service: String, _ ended: @escaping Ended) -> Int {
    lock.withLock {
      lastID += 1
      waiting[service, default: [:]][lastID] = ended
      return lastID
    }
  }

  private nonisolated func stopWaiting(for service: String, _ id: Int) -> Ended? {
    lock.withLock { waiting[service]?.removeValue(forKey: id) }
  }

  private nonisolated func object(_ text: String) -> [String: Any]? {
    try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
  }
}

/// A string encodes as JSON whatever is in it.
private nonisolated func quoted(_ text: String) -> String {
  let data = (try? JSONEncoder().encode(text)) ?? Data("\"\"".utf8)
  return String(decoding: data, as: UTF8.self)
}
