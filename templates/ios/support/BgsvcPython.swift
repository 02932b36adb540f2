@preconcurrency import BgsvcCPython
import Foundation

/// Calls the runtime in this process's interpreter, which the first request starts.
///
/// All calls are made on one thread, which waits for the next one without Python's lock.
final class BgsvcPython: @unchecked Sendable {
  /// The stack of that thread; iOS gives a secondary thread half a megabyte by default.
  nonisolated static let stackSizeBytes = 16 << 20

  private enum Runtime {
    case notStarted
    /// `bgsvc.bridge.receive` of the running interpreter.
    case running(receive: UnsafeMutablePointer<PyObject>)
    /// CPython cannot be started twice, and a half-started one cannot be used.
    case failed(BgsvcError)
  }

  private let location: BgsvcLocation
  private let condition = NSCondition()
  private var jobs: [@Sendable () -> Void] = []
  private var hasThread = false
  // Only that thread uses it.
  private var runtime = Runtime.notStarted

  nonisolated init(location: BgsvcLocation) {
    self.location = location
  }

  /// Passes the runtime's messages to `onMessage`, in their order.
  nonisolated func listen(_ onMessage: @escaping @Sendable (_ message: String) -> Void) {
    Outbox.shared.setReceiver(onMessage)
  }

  /// Passes `request` to `bgsvc.bridge` and returns its reply; the first call starts Python.
  nonisolated func receive(_ request: String) throws -> String {
    let done = DispatchSemaphore(value: 0)
    let reply = Reply()
    enqueue { [self] in
      reply.set(Result { try callRuntime(request) })
      done.signal()
    }
    done.wait()
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
    let thread = Thread { [self] in runJobs() }
    thread.name = "bgsvc.python"
    thread.stackSize = Self.stackSizeBytes
    thread.start()
  }

  private nonisolated func runJobs() {
    while true {
      let job = condition.withLock {
        while jobs.isEmpty { condition.wait() }
        return jobs.removeFirst()
      }
      job()
    }
  }

  private nonisolated func callRuntime(_ request: String) throws -> String {
    let receive = try startIfNeeded()
    return try withInterpreter {
      guard let text = PyUnicode_FromString(request) else { throw pythonFailure() }
      defer { Py_DecRef(text) }
      guard let reply = PyObject_CallOneArg(receive, text) else { throw pythonFailure() }
      defer { Py_DecRef(reply) }
      guard let characters = PyUnicode_AsUTF8(reply) else { throw pythonFailure() }
      return String(cString: characters)
    }
  }

  private nonisolated func startIfNeeded() throws -> UnsafeMutablePointer<PyObject> {
    switch runtime {
    case .running(let receive): return receive
    case .failed(let error): throw error
    case .notStarted:
      do {
        try BgsvcInterpreter.ensureStarted(at: location)
        let receive = try withInterpreter { try attach() }
        runtime = .running(receive: receive)
        return receive
      } catch {
        runtime = .failed(error as? BgsvcError ?? BgsvcError(.noRuntime, "\(error)"))
        throw error
      }
    }
  }

  /// Imports the runtime and gives it `send`; returns its function `receive`.
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

/// Prints the pending Python exception with its traceback, and returns an error for it.
private nonisolated func pythonFailure() -> BgsvcError {
  PyErr_Print()
  return BgsvcError(
    .noRuntime, "Python raised an exception; its traceback is in the log",
    fix: "check that the app's app_packages has bgsvc")
}

/// A result that one thread hands to another; a semaphore orders the two accesses.
private final class Reply: @unchecked Sendable {
  private var result: Result<String, any Error>?

  nonisolated func set(_ result: Result<String, any Error>) { self.result = result }

  nonisolated func get() throws -> String {
    guard let result else { throw BgsvcError(.noRuntime, "Python gave no reply") }
    return try result.get()
  }
}

/// The messages of the runtime; global, because the C function below cannot capture anything.
private final class Outbox: Sendable {
  nonisolated static let shared = Outbox()
  // Asynchronous: the sender holds Python's lock, and the receiver may send Python a request.
  private let queue = DispatchQueue(label: "bgsvc.messages")
  private let receiver = BgsvcLocked<(@Sendable (String) -> Void)?>(nil)

  nonisolated func setReceiver(_ onMessage: @escaping @Sendable (String) -> Void) {
    receiver.withLock { $0 = onMessage }
  }

  nonisolated func post(_ message: String) {
    queue.async { [self] in
      let onMessage = receiver.withLock { $0 }
      onMessage?(message)
    }
  }
}

/// The Python function `send`, which the runtime calls with each message.
private nonisolated func send(
  _: UnsafeMutablePointer<PyObject>?, _ message: UnsafeMutablePointer<PyObject>?
) -> UnsafeMutablePointer<PyObject>? {
  guard let message, let characters = PyUnicode_AsUTF8(message) else { return nil }
  Outbox.shared.post(String(cString: characters))
  return bgsvc_none()
}

/// Never deallocated: Python keeps a pointer to it.
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
