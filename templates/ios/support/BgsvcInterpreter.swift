@preconcurrency import BgsvcCPython
import Foundation

/// Where Python is in the app's bundle.
public struct BgsvcLocation: Sendable {
  /// The folder that holds `lib/python3.x`.
  public let home: String
  /// Where Python looks for modules after the standard library: the app's own, and `bgsvc`.
  public let searchPaths: [String]

  public nonisolated init(home: String, searchPaths: [String]) {
    self.home = home
    self.searchPaths = searchPaths
  }

  /// The layout of the bundle in CPython's guide for iOS.
  public nonisolated static var bundle: BgsvcLocation {
    let root = Bundle.main.resourcePath ?? ""
    return BgsvcLocation(
      home: "\(root)/python", searchPaths: ["\(root)/app", "\(root)/app_packages"])
  }

  /// The folders of the standard library, then `searchPaths`.
  nonisolated var modulePaths: [String] {
    let library = "\(home)/lib/python\(PY_MAJOR_VERSION).\(PY_MINOR_VERSION)"
    return [library, "\(library)/lib-dynload"] + searchPaths
  }
}

/// Starts CPython as its guide for iOS describes, in a process that has no interpreter yet.
enum BgsvcInterpreter {
  private nonisolated static let lock = NSLock()

  /// Starts an interpreter, unless a host such as Briefcase has started one.
  nonisolated static func ensureStarted(at location: BgsvcLocation) throws {
    try lock.withLock {
      if Py_IsInitialized() == 0 { try start(at: location) }
    }
  }

  private nonisolated static func start(at location: BgsvcLocation) throws {
    var preConfig = PyPreConfig()
    PyPreConfig_InitIsolatedConfig(&preConfig)
    preConfig.utf8_mode = 1
    try check(Py_PreInitialize(&preConfig))
    let config = UnsafeMutablePointer<PyConfig>.allocate(capacity: 1)
    defer {
      PyConfig_Clear(config)
      config.deallocate()
    }
    PyConfig_InitIsolatedConfig(config)
    config.pointee.buffered_stdio = 0
    config.pointee.write_bytecode = 0
    // Python's handlers ignore SIGPIPE: a peer that hangs up must not end the app.
    config.pointee.install_signal_handlers = 1
    bgsvc_use_system_logger(config)
    try check(PyConfig_SetBytesString(config, &config.pointee.home, location.home))
    try check(PyConfig_Read(config))
    // Otherwise CPython derives the paths from the place of the executable.
    config.pointee.module_search_paths_set = 1
    for path in location.modulePaths {
      guard let wide = Py_DecodeLocale(path, nil) else {
        throw BgsvcError(.noRuntime, "Python cannot decode the path \(path)")
      }
      defer { PyMem_RawFree(wide) }
      try check(PyWideStringList_Append(&config.pointee.module_search_paths, wide))
    }
    try check(Py_InitializeFromConfig(config))
    // The initialization left the interpreter's lock with this thread: release it for the others.
    PyEval_SaveThread()
  }

  private nonisolated static func check(_ status: PyStatus) throws {
    guard PyStatus_Exception(status) != 0 else { return }
    let message = status.err_msg.map { String(cString: $0) } ?? "no reason given"
    throw BgsvcError(
      .noRuntime, "Python could not start: \(message)",
      fix: "check that the app's bundle has the standard library in python/lib")
  }
}
