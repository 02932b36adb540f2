import Foundation
@preconcurrency import Python

/// The interpreter of this process, started once, by whoever needs it first.
public final class BgsvcPython: @unchecked Sendable {
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// Where Python is in the app's bundle.
  public struct Location: Sendable {
    /// The folder that holds `lib/python3.x`.
    public let home: String
    /// Where modules are looked for after the standard library: the app's own, and `bgsvc`.
    public let searchPaths: [String]

    public nonisolated init(home: String, searchPaths: [String]) {
      self.home = home
      self.searchPaths = searchPaths
    }

    /// As CPython's own instructions for iOS lay the bundle out.
    public nonisolated static var bundle: Location {
      let root = Bundle.main.resourcePath ?? ""
      return Location(home: "\(root)/python", searchPaths: ["\(root)/app", "\(root)/app_packages"])
    }
  }

  private let location: Location
  private let lock = NSLock()
  private var receiver: UnsafeMutablePointer<PyObject>?

  public nonisolated init(location: Location) {
    self.location = location
  }

  /// Carries the runtime's messages to `onMessage`, on Python's threads; it must not wait.
  public nonisolated func listen(_ onMessage: @escaping @Sendable (_ message: String) -> Void) {
    Outbox.shared.open(onMessage)
  }

  /// Gives `request` to `bgsvc.bridge` and returns its reply; the first call starts Python.
  public nonisolated func receive(_ request: String) throws -> String {
    let receiver = try lock.withLock { try self.receiver ?? start() }
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
    // A host such as Briefcase has started it before us.
    if Py_IsInitialized() == 0 { try initialise() }
    let found = try withInterpreter {
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
    receiver = found
    return found
  }

  private nonisolated func initialise() throws {
    let config = UnsafeMutablePointer<PyConfig>.allocate(capacity: 1)
    defer {
      PyConfig_Clear(config)
      config.deallocate()
    }
    PyConfig_InitIsolatedConfig(config)
    config.pointee.buffered_stdio = 0
    config.pointee.write_bytecode = 0
    // Among others SIGPIPE is ignored: a peer that hangs up must not end the app.
    config.pointee.install_signal_handlers = 1
    try check(PyConfig_SetBytesString(config, &config.pointee.home, location.home))
    try check(PyConfig_Read(config))
    config.pointee.module_search_paths_set = 1
    let library = "\(location.home)/lib/python\(PY_MAJOR_VERSION).\(PY_MINOR_VERSION)"
    for path in [library, "\(library)/lib-dynload"] + location.searchPaths {
      guard let wide = Py_DecodeLocale(path, nil) else { throw Failure(description: path) }
      defer { PyMem_RawFree(wide) }
      try check(PyWideStringList_Append(&config.pointee.module_search_paths, wide))
    }
    try check(Py_InitializeFromConfig(config))
    // Gives up the interpreter's lock, which this thread holds from here on otherwise.
    PyEval_SaveThread()
  }

  private nonisolated func check(_ status: PyStatus) throws {
    guard PyStatus_Exception(status) != 0 else { return }
    throw Failure(description: status.err_msg.map { String(cString: $0) } ?? "no reason given")
  }
}

/// Runs `body` with the interpreter's lock, on a thread that Python knows.
private nonisolated func withInterpreter<Result>(_ body: () throws -> Result) rethrows -> Result {
  let state = PyGILState_Ensure()
  defer { PyGILState_Release(state) }
  return try body()
}

/// Prints Python's pending exception with its traceback, and stands for it.
private nonisolated func pythonFailure() -> BgsvcPython.Failure {
  PyErr_Print()
  return BgsvcPython.Failure(description: "Python raised an exception; its traceback is in the log")
}

/// What the C function below sends to, which can capture nothing.
private final class Outbox: @unchecked Sendable {
  nonisolated static let shared = Outbox()
  private let lock = NSLock()
  private var onMessage: (@Sendable (String) -> Void)?

  nonisolated func open(_ onMessage: @escaping @Sendable (String) -> Void) {
    lock.withLock { self.onMessage = onMessage }
  }

  nonisolated func put(_ message: String) {
    let onMessage = lock.withLock { self.onMessage }
    onMessage?(message)
  }
}

private nonisolated func send(
  _: UnsafeMutablePointer<PyObject>?, _ message: UnsafeMutablePointer<PyObject>?
) -> UnsafeMutablePointer<PyObject>? {
  guard let message, let characters = PyUnicode_AsUTF8(message) else { return nil }
  Outbox.shared.put(String(cString: characters))
  return PyLong_FromLong(0)
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
