import Foundation

/// The app's services and everything that runs them; an app calls it through `Bgsvc`.
///
/// Python starts with the first run, not with the app.
final class BgsvcApp: Sendable {
  private struct Listeners: Sendable {
    var lastID = 0
    var byID: [Int: AsyncStream<BgsvcEvent>.Continuation] = [:]
  }

  let services: [BgsvcService]
  let windowHistory: BgsvcWindowHistory
  let bridge: BgsvcBridge
  private let runs: BgsvcRuns
  private let scheduler: BgsvcScheduler
  private let foreground: BgsvcForeground
  private let notifications = BgsvcNotifications()
  private let time = BgsvcBackgroundTime()
  private let requests = DispatchQueue(label: "bgsvc.requests")
  private let listeners = BgsvcLocked(Listeners())

  /// - Parameters:
  ///   - id: The app's identifier in the spec.
  ///   - location: Where Python is.
  ///   - folder: Where the runtime keeps its state; in Application Support by default.
  nonisolated init(
    id: String, services: [BgsvcService], tasks: [BgsvcTask],
    location: BgsvcLocation = .bundle, folder: URL? = nil,
    windowHistory: BgsvcWindowHistory = BgsvcWindowHistory(), clock: BgsvcClock = .device
  ) {
    let python = BgsvcPython(location: location)
    self.services = services
    self.windowHistory = windowHistory
    bridge = BgsvcBridge(
      app: id,
      folder: folder ?? Self.applicationSupport.appendingPathComponent(id, isDirectory: true),
      language: Locale.preferredLanguages.first, receive: { try python.receive($0) })
    runs = BgsvcRuns(bridge: bridge)
    scheduler = BgsvcScheduler(
      tasks: tasks, bridge: bridge, runs: runs, windowHistory: windowHistory, clock: clock)
    foreground = BgsvcForeground(
      bridge: bridge, runs: runs, windowHistory: windowHistory, time: time, clock: clock)
    python.listen { [self] in handleMessage($0) }
  }

  /// Registers the app's tasks and requests their windows; does nothing a second time.
  nonisolated func register() -> [BgsvcError] {
    guard let errors = scheduler.register() else { return [] }
    time.attach()
    foreground.observe()
    for error in errors { NSLog("bgsvc: %@", "\(error)") }
    Task.detached { [scheduler] in
      for case let error? in await scheduler.submit().map(\.error) {
        NSLog("bgsvc: %@", "\(error)")
      }
    }
    return errors
  }

  /// Starts a service, and requests its windows from iOS.
  nonisolated func start(
    _ service: BgsvcService, _ reason: BgsvcBridge.StartReason
  ) async -> BgsvcStart {
    windowHistory.setDesiredState(of: service.name, running: true)
    var requests = await scheduler.submit(service)
    if let continued = await scheduler.submitContinued(service) {
      requests.append(continued)
      if continued.isAccepted { return BgsvcStart(run: .granted, requests: requests) }
    }
    let run: BgsvcStart.Run = await callOnRequestQueue { [self] in
      do { return .started(try foreground.start(service, reason)) } catch {
        return .refused(BgsvcError(wrapping: error))
      }
    }
    return BgsvcStart(run: run, requests: requests)
  }

  /// Stops a service until it is started again, and requests no more windows for it.
  nonisolated func stop(_ service: BgsvcService, reason: String) async throws {
    windowHistory.setDesiredState(of: service.name, running: false)
    foreground.forget(service)
    scheduler.cancel(service)
    guard bridge.hasContactedPython else { return }
    let failure: BgsvcError? = await callOnRequestQueue { [self] in
      do { try bridge.stop(service, reason: reason) } catch { return BgsvcError(wrapping: error) }
      return nil
    }
    if let failure, failure.code != .runtime("unknownService") { throw failure }
  }

  /// The state of a service; does not start Python.
  nonisolated func state(of service: BgsvcService) async -> BgsvcState {
    let idle = BgsvcState(
      idle: service.name, desiredRunning: windowHistory.desiredRunning(service.name) ?? false)
    guard bridge.hasContactedPython else { return idle }
    return await callOnRequestQueue { [self] in (try? bridge.state(of: service)) ?? idle }
  }

  /// Sends `data` to a running service.
  nonisolated func send(_ data: BgsvcValue, to service: BgsvcService) async throws {
    let failure: BgsvcError? = await callOnRequestQueue { [self] in
      do { try bridge.send(data, to: service) } catch { return BgsvcError(wrapping: error) }
      return nil
    }
    if let failure { throw failure }
  }

  /// Passes the button that the user pressed on to the service that showed the notification.
  ///
  /// - Returns: `false` if the notification is the app's own.
  nonisolated func handleAction(
    _ action: String, on identifier: String, of service: String
  ) -> Bool {
    guard let key = BgsvcNotifications.key(of: identifier) else { return false }
    // Without Python the notification is of an earlier launch: no service is there to receive it.
    guard bridge.hasContactedPython, BgsvcNotifications.isButton(action) else { return true }
    requests.async { [self] in
      do { try bridge.sendAction(action, on: key, to: service) } catch {
        NSLog("bgsvc: %@", "\(error)")
      }
    }
    return true
  }

  /// A new stream of the events of all services from now on.
  nonisolated func events() -> AsyncStream<BgsvcEvent> {
    AsyncStream(bufferingPolicy: .bufferingNewest(1000)) { continuation in
      let id = listeners.withLock { listeners in
        listeners.lastID += 1
        listeners.byID[listeners.lastID] = continuation
        return listeners.lastID
      }
      continuation.onTermination = { [self] _ in
        listeners.withLock { $0.byID[id] = nil }
      }
    }
  }

  /// Handles a message of the runtime.
  nonisolated func handleMessage(_ text: String) {
    switch BgsvcMessage(text) {
    case .event(let event): handleEvent(event)
    case .notification(let notification): notifications.handle(notification)
    case .finiteTask(let id, _, let isOpen): foreground.handleFiniteTask(id, isOpen: isOpen)
    // The runtime keeps a desired state of its own. Here `applyStopReason` decides: a service that
    // completed its task still gets its next window.
    case .desiredState: break
    case nil: NSLog("bgsvc: a message of an unknown type: %@", text)
    }
  }

  private nonisolated func handleEvent(_ event: BgsvcEvent) {
    switch event.name {
    case "stopped":
      runs.handleStopped(event)
      applyStopReason(of: event)
    case "progress": scheduler.showProgress(event)
    default: break
    }
    for listener in listeners.withLock({ Array($0.byID.values) }) { listener.yield(event) }
  }

  /// Updates the desired state after a run: Python may have stopped the service, too.
  private nonisolated func applyStopReason(of event: BgsvcEvent) {
    guard let service = services.first(where: { $0.name == event.service }) else { return }
    let reason = event.data["reason"]?.string.flatMap(BgsvcStopReason.init)
    guard let reason, reason.clearsDesiredState else { return }
    foreground.forget(service)
    // A service that completed its task runs again in its next window.
    guard reason != .taskCompleted else { return }
    windowHistory.setDesiredState(of: service.name, running: false)
    scheduler.cancel(service)
  }

  /// Calls `body`, which waits for Python, on a queue where nothing else waits.
  private nonisolated func callOnRequestQueue<Result: Sendable>(
    _ body: @escaping @Sendable () -> Result
  ) async -> Result {
    await withCheckedContinuation { continuation in
      requests.async { continuation.resume(returning: body()) }
    }
  }

  private nonisolated static var applicationSupport: URL {
    FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)[0]
  }
}
