import Foundation

/// All of it put together; `BgsvcApp.shared` is the app's own.
///
/// Python starts with the first window, not with the app.
public final class BgsvcApp: Sendable {
  private let scheduler: BgsvcScheduler

  /// - Parameters:
  ///   - id: The app's identifier in the spec.
  ///   - observer: Sees every message of the runtime, on one of Python's threads; must not wait.
  public nonisolated init(
    id: String,
    tasks: [BgsvcTask],
    location: BgsvcPython.Location = .bundle,
    observer: @escaping @Sendable (_ message: String) -> Void = { _ in }
  ) {
    let python = BgsvcPython(location: location)
    let bridge = BgsvcBridge(
      app: id,
      folder: URL.applicationSupport.appendingPathComponent(id, isDirectory: true),
      receive: { try python.receive($0) },
      observer: observer)
    python.listen { bridge.take($0) }
    scheduler = BgsvcScheduler(tasks: tasks, runtime: bridge)
  }

  /// Registers the app's tasks and asks iOS for their windows.
  ///
  /// To be called in `application(_:didFinishLaunchingWithOptions:)`, before it returns.
  public nonisolated func launch() {
    for identifier in scheduler.register() {
      NSLog("bgsvc: %@ is not in the Info.plist", identifier)
    }
    for (identifier, error) in scheduler.submit() {
      NSLog("bgsvc: iOS did not take %@: %@", identifier, "\(error)")
    }
  }
}

extension URL {
  fileprivate nonisolated static var applicationSupport: URL {
    FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)[0]
  }
}
