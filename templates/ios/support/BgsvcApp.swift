import Foundation

/// The app's services, put together from what they need; `Bgsvc` is how an app calls it.
///
/// Python starts with the first run, not with the app.
final class BgsvcApp: @unchecked Sendable {
  let services: [BgsvcService]
  let ledger: BgsvcLedger
  let bridge: BgsvcBridge
  private let runs: BgsvcRuns
  private let scheduler: BgsvcScheduler
  private let foreground: BgsvcForeground
  private let notifications = BgsvcNotifications()
  private let time = BgsvcBackgroundTime()
  private let requests = DispatchQueue(label: "bgsvc.requests")
  private let lock = NSLock()
  private var listeners: [Int: AsyncStream<BgsvcEvent>.Continuation] = [:]
  private var lastListener = 0

  /// - Parameter id: The app's identifier in the spec.
  nonisolated init(
    id: String, services: [BgsvcService], tasks: [BgsvcTask],
    location: BgsvcLocation = .bundle, folder: URL? = nil, ledger: BgsvcLedger = BgsvcLedger(),
    clock: BgsvcClock = .device
  ) {
    let python = BgsvcPython(location: location)
    self.services = services
    self.ledger = ledger
    bridge = BgsvcBridge(
      app: id, folder: folder ?? Self.support.appendingPathComponent(id, isDirectory: true),
      language: Locale.preferredLanguages.first, receive: { try python.receive($0) })
    runs = BgsvcRuns(bridge: bridge)
    scheduler = BgsvcScheduler(
      tasks: tasks, bridge: bridge, runs: runs, ledger: ledger, clock: clock)
    foreground = BgsvcForeground(
      bridge: bridge, runs: runs, ledger: ledger, time: time, clock: clock)
    python.listen { [self] in take($0) }
  }

  /// Registers the app's tasks and asks iOS for their windows; does nothing a second time.
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

  /// Starts a service, and asks iOS for its windows.
  nonisolated func start(
    _ service: BgsvcService, _ reason: BgsvcBridge.StartReason
  ) async -> BgsvcStart {
    ledger.want(service.name, true)
    var requests = await scheduler.submit(service)
    if let continued = await scheduler.submitContinued(service) {
      requests.append(continued)
      if continued.isAccepted { return BgsvcStart(run: .granted, requests: requests) }
    }
    let run: BgsvcStart.Run = await onRequests { [self] in
      do { return .started(try foreground.start(service, reason)) } catch {
        return .refused(Self.typed(error))
      }
    }
    return BgsvcStart(run: run, requests: requests)
  }

  /// Stops a service until it is started again: iOS is asked for no more windows of it.
  nonisolated func stop(_ service: BgsvcService, reason: String) async throws {
    ledger.want(service.name, false)
    foreground.forget(service)
    scheduler.cancel(service)
    guard bridge.isUsed else { return }
    let failure: BgsvcError? = await onRequests { [self] in
      do { try bridge.stop(service, reason: reason) } catch { return Self.typed(error) }
      return nil
    }
    if let failure, failure.code != .runtime("unknownService") { throw failure }
  }

  /// What is known about a service; Python is not started to say it.
  nonisolated func state(of service: BgsvcService) async -> BgsvcState {
    let idle = BgsvcState(idle: service.name, isWanted: ledger.isWanted(service.name) ?? false)
    guard bridge.isUsed else { return idle }
    return await onRequests { [self] in (try? bridge.state(of: service)) ?? idle }
  }

  /// Hands `data` to a running service.
  nonisolated func send(_ data: BgsvcValue, to service: BgsvcService) async throws {
    let failure: BgsvcError? = await onRequests { [self] in
      do { try bridge.send(data, to: service) } catch { return Self.typed(error) }
      return nil
    }
    if let failure { throw failure }
  }

  /// Passes a button of a service's notification on; `false` if it is none of ours.
  nonisolated func act(on identifier: String, of service: String, _ action: String) -> Bool {
    guard let key = BgsvcNotifications.key(identifier) else { return false }
    // Of an earlier launch: no service runs that would care.
    guard bridge.isUsed, BgsvcNotifications.isButton(action) else { return true }
    requests.async { [self] in
      do { try bridge.act(service, notification: key, action: action) } catch {
        NSLog("bgsvc: %@", "\(error)")
      }
    }
    return true
  }

  /// A new stream of what services say from now on.
  nonisolated func events() -> AsyncStream<BgsvcEvent> {
    AsyncStream(bufferingPolicy: .bufferingNewest(1000)) { continuation in
      let id = lock.withLock {
        lastListener += 1
        listeners[lastListener] = continuation
        return lastListener
      }
      continuation.onTermination = { [self] _ in
        lock.withLock { listeners[id] = nil }
      }
    }
  }

  /// Takes a message of the runtime.
  nonisolated func take(_ text: String) {
    switch BgsvcMessage(text) {
    case .event(let event): take(event)
    case .notification(let notification): notifications.take(notification)
    case .finiteTask(let id, _, let isOpen): foreground.finiteTask(id, isOpen: isOpen)
    // Kept by the runtime itself. Here a service that is done is wanted again in the next window.
    case .desiredState: break
    case nil: NSLog("bgsvc: a message of an unknown type: %@", text)
    }
  }

  private nonisolated func take(_ event: BgsvcEvent) {
    switch event.name {
    case "stopped":
      runs.stopped(event)
      heed(event)
    case "progress": scheduler.report(event)
    default: break
    }
    for listener in lock.withLock({ Array(listeners.values) }) { listener.yield(event) }
  }

  /// Keeps to what a run ended for: the service may have been stopped from Python.
  private nonisolated func heed(_ event: BgsvcEvent) {
    guard let service = services.first(where: { $0.name == event.service }) else { return }
    let reason = event.data["reason"]?.string.flatMap(BgsvcStopReason.init)
    guard let reason, reason.clearsDesiredState else { return }
    foreground.forget(service)
    // What is done has its next window all the same.
    guard reason != .taskCompleted else { return }
    ledger.want(service.name, false)
    scheduler.cancel(service)
  }

  /// Waits for Python where waiting holds up nobody.
  private nonisolated func onRequests<Answer: Sendable>(
    _ ask: @escaping @Sendable () -> Answer
  ) async -> Answer {
    await withCheckedContinuation { continuation in
      requests.async { continuation.resume(returning: ask()) }
    }
  }

  private nonisolated static func typed(_ error: any Error) -> BgsvcError {
    error as? BgsvcError ?? BgsvcError(.unknown, "\(error)")
  }

  private nonisolated static var support: URL {
    FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)[0]
  }
}
