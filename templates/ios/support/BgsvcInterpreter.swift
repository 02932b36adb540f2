@preconcurrency import BgsvcCPython
import Foundation

/// Where Python is in the app's bundle.
public struct BgsvcLocation: Sendable {
  /// The folder that holds `lib/python3.x`.
  public let home: String
  /// Where modules are looked for after the standard library: the app's own, and `bgsvc`.
  public let searchPaths: [String]

  public nonisolated init(home: String, searchPaths: [String]) {
    self.home = home
    self.searchPaths = searchPaths
  }

  /// As CPython's own instructions for iOS lay the bundle out.
  public nonisolated static var bundle: BgsvcLocation {
    let root = Bundle.main.resourcePath ?? ""
    return BgsvcLocation(
      home: "\(root)/python", searchPaths: ["\(root)/app", "\(root)/app_packages"])
  }

  /// The standard library's folders, and the others after it.
  nonisolated var modulePaths: [String] {
    let library = "\(home)/lib/python\(PY_MAJOR_VERSION).\(PY_MINOR_VERSION)"
    return [library, "\(library)/lib-dynload"] + searchPaths
  }
}

/// Starts CPython as its guide for iOS asks, in a process that has none yet.
enum BgsvcInterpreter {
  private nonisolated static let lock = NSLock()

  /// Returns when an interpreter runs: the one that a host such as Briefcase has started, or one
  /// of our own.
  nonisolated static func ensure(at location: BgsvcLocation) throws {
    try lock.withLock {
      if Py_IsInitialized() == 0 { try initialise(at: location) }
    }
  }

  private nonisolated static func initialise(at location: BgsvcLocation) throws {
    var before = PyPreConfig()
    PyPreConfig_InitIsolatedConfig(&before)
    before.utf8_mode = 1
    try check(Py_PreInitialize(&before))
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
    bgsvc_use_system_logger(config)
    try check(PyConfig_SetBytesString(config, &config.pointee.home, location.home))
    try check(PyConfig_Read(config))
    // Nothing is computed from where the executable is.
    config.pointee.module_search_paths_set = 1
    for path in location.modulePaths {
      guard let wide = Py_DecodeLocale(path, nil) else {
        throw BgsvcError(.noRuntime, "this is no path: \(path)")
      }
      defer { PyMem_RawFree(wide) }
      try check(PyWideStringList_Append(&config.pointee.module_search_paths, wide))
    }
    try check(Py_InitializeFromConfig(config))
    // This thread has the interpreter's lock since then; whoever needs it next takes it itself.
    PyEval_SaveThread()
  }

  private nonisolated static func check(_ status: PyStatus) throws {
    guard PyStatus_Exception(status) != 0 else { return }
    let message = status.err_msg.map { String(cString: $0) } ?? "no reason given"
    throw BgsvcError(
      .noRuntime, "Python could not start: \(message)",
      fix: "see that the standard library is in the app's bundle, under python/lib")
  }
}
