@preconcurrency import BgsvcCPython
import Foundation

/// The interpreter of this process: started once, by whoever needs it first.
///
/// It is spoken to on a thread of its own, which waits without Python's lock.
final class BgsvcPython: @unchecked Sendable {
  /// The stack of that thread; a secondary thread has half a megabyte otherwise.
  nonisolated static let stackSize = 16 << 20

  private let location: BgsvcLocation
  private let condition = NSCondition()
  private var jobs: [@Sendable () -> Void] = []
  private var hasThread = false
  // Both belong to the thread.
  private var receiver: UnsafeMutablePointer<PyObject>?
  private var failure: BgsvcError?

  nonisolated init(location: BgsvcLocation) {
    self.location = location
  }

  /// Carries the runtime's messages to `onMessage`, in their order.
  nonisolated func listen(_ onMessage: @escaping @Sendable (_ message: String) -> Void) {
    Outbox.shared.open(onMessage)
  }

  /// Gives `request` to `bgsvc.bridge` and returns its reply; the first call starts Python.
  nonisolated func receive(_ request: String) throws -> String {
    let answered = DispatchSemaphore(value: 0)
    let reply = Reply()
    enqueue { [self] in
      reply.fill(Result { try answer(request) })
      answered.signal()
    }
    answered.wait()
    return try reply.get()
  }

  private nonisolated func enqueue(_ job: @escaping @Sendable () -> Void) {
    let isFirst = condition.withLock {
      defer { hasThread = true }
      jobs.append(job)
      condition.signal()
      return !hasThread
    }
    guard isFirst else { return }
    let thread = Thread { [self] in work() }
    thread.name = "bgsvc.python"
    thread.stackSize = Self.stackSize
    thread.start()
  }

  private nonisolated func work() {
    while true {
      let job = condition.withLock {
        while jobs.isEmpty { condition.wait() }
        return jobs.removeFirst()
      }
      job()
    }
  }

  private nonisolated func answer(_ request: String) throws -> String {
    if let failure { throw failure }
    let receiver = try self.receiver ?? start()
    return try withInterpreter {
      guard let text = PyUnicode_FromString(request) else { throw pythonFailure() }
      defer { Py_DecRef(text) }
      guard let reply = PyObject_CallOneArg(receiver, text) else { throw pythonFailure() }
      defer { Py_DecRef(reply) }
      guard let characters = PyUnicode_AsUTF8(reply) else { throw pythonFailure() }
      return String(cString: characters)
    }
  }

  private nonisolated func start() throws -> UnsafeMutablePointer<PyObject> {
    do {
      try BgsvcInterpreter.ensure(at: location)
      let found = try withInterpreter { try attach() }
      receiver = found
      return found
    } catch {
      // CPython cannot be started twice, and a half-started one cannot be used.
      failure = error as? BgsvcError ?? BgsvcError(.noRuntime, "\(error)")
      throw error
    }
  }

  private nonisolated func attach() throws -> UnsafeMutablePointer<PyObject> {
    guard let bridge = PyImport_ImportModule("bgsvc.bridge") else { throw pythonFailure() }
    defer { Py_DecRef(bridge) }
    guard
      let attach = PyObject_GetAttrString(bridge, "attach"),
      let send = PyCFunction_NewEx(sendDefinition, nil, nil),
      let none = PyObject_CallOneArg(attach, send),
      let receive = PyObject_GetAttrString(bridge, "receive")
    else { throw pythonFailure() }
    for object in [attach, send, none] { Py_DecRef(object) }
    return receive
  }
}

/// Runs `body` with the interpreter's lock, on a thread that Python knows.
private nonisolated func withInterpreter<Result>(_ body: () throws -> Result) rethrows -> Result {
  let state = PyGILState_Ensure()
  defer { PyGILState_Release(state) }
  return try body()
}

/// Prints Python's pending exception with its traceback, and stands for it.
private nonisolated func pythonFailure() -> BgsvcError {
  PyErr_Print()
  return BgsvcError(
    .noRuntime, "Python raised an exception; its traceback is in the log",
    fix: "see that bgsvc is in the app's app_packages")
}

/// What one thread leaves for another; the semaphore between them orders the two.
private final class Reply: @unchecked Sendable {
  private var result: Result<String, any Error>?

  nonisolated func fill(_ result: Result<String, any Error>) { self.result = result }

  nonisolated func get() throws -> String {
    guard let result else { throw BgsvcError(.noRuntime, "Python gave no answer") }
    return try result.get()
  }
}

/// Where the C function below puts messages: it can capture nothing.
private final class Outbox: @unchecked Sendable {
  nonisolated static let shared = Outbox()
  // A queue: the sender holds Python's lock, and whoever takes a message may ask Python something.
  private let queue = DispatchQueue(label: "bgsvc.messages")
  private let lock = NSLock()
  private var onMessage: (@Sendable (String) -> Void)?

  nonisolated func open(_ onMessage: @escaping @Sendable (String) -> Void) {
    lock.withLock { self.onMessage = onMessage }
  }

  nonisolated func put(_ message: String) {
    queue.async { [self] in
      let onMessage = lock.withLock { self.onMessage }
      onMessage?(message)
    }
  }
}

private nonisolated func send(
  _: UnsafeMutablePointer<PyObject>?, _ message: UnsafeMutablePointer<PyObject>?
) -> UnsafeMutablePointer<PyObject>? {
  guard let message, let characters = PyUnicode_AsUTF8(message) else { return nil }
  Outbox.shared.put(String(cString: characters))
  return bgsvc_none()
}

/// Lives as long as the process: Python keeps a pointer to it.
nonisolated(unsafe) private let sendDefinition: UnsafeMutablePointer<PyMethodDef> = {
  let name: StaticString = "send"
  let definition = UnsafeMutablePointer<PyMethodDef>.allocate(capacity: 1)
  definition.initialize(
    to: PyMethodDef(
      ml_name: UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self),
      ml_meth: send,
      ml_flags: METH_O,
      ml_doc: nil))
  return definition
}()
