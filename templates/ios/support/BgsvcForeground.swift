import Foundation
import UIKit

/// Runs services while the app is in use, and lets them finish when the user leaves it.
final class BgsvcForeground: Sendable {
  /// How long before the end of the background time services are asked to stop.
  nonisolated static let stopMarginSeconds: TimeInterval = 5

  private let bridge: BgsvcBridge
  private let runs: BgsvcRuns
  private let windowHistory: BgsvcWindowHistory
  private let time: BgsvcBackgroundTime
  private let clock: BgsvcClock
  private let queue = DispatchQueue(label: "bgsvc.foreground")
  private let timers = DispatchQueue(label: "bgsvc.foreground.timers")
  private let usage = BgsvcLocked(Usage())
  private let observers = BgsvcLocked<[any NSObjectProtocol]>([])

  nonisolated init(
    bridge: BgsvcBridge, runs: BgsvcRuns, windowHistory: BgsvcWindowHistory,
    time: BgsvcBackgroundTime, clock: BgsvcClock
  ) {
    self.bridge = bridge
    self.runs = runs
    self.windowHistory = windowHistory
    self.time = time
    self.clock = clock
  }

  /// Observes when the app enters the background and when it becomes active.
  nonisolated func observe() {
    let center = NotificationCenter.default
    let background = center.addObserver(
      forName: UIApplication.didEnterBackgroundNotification, object: nil, queue: nil
    ) { @Sendable [self] _ in handleBackground() }
    let active = center.addObserver(
      forName: UIApplication.didBecomeActiveNotification, object: nil, queue: nil
    ) { @Sendable [self] _ in handleActive() }
    observers.withLock { $0 = [background, active] }
  }

  /// Starts a run that goes on while the app is in use; returns its number.
  nonisolated func start(
    _ service: BgsvcService, _ reason: BgsvcBridge.StartReason
  ) throws -> Int {
    let stay = usage.withLock { usage in
      usage.start(service)
      return usage.backgroundStay
    }
    if let stay { beginBackgroundTime(for: stay) }
    return try runs.start(service, reason, granted: nil) { [self] _ in handleRunEnd(of: service) }
  }

  /// Does not start the service again when the app becomes active.
  nonisolated func forget(_ service: BgsvcService) {
    usage.withLock { $0.forget(service.name) }
  }

  /// Begins or ends the background task of a service's finite task.
  nonisolated func handleFiniteTask(_ id: String, isOpen: Bool) {
    guard isOpen else { return time.end(id) }
    let isGranted = time.begin(id) { [self] in expireFiniteTask(id) }
    if !isGranted { NSLog("bgsvc: iOS gives no background time for %@", id) }
  }

  private nonisolated func expireFiniteTask(_ id: String) {
    queue.async { [self] in
      do { try bridge.expireFiniteTask(id) } catch {
        NSLog("bgsvc: could not expire the finite task %@: %@", id, "\(error)")
      }
    }
  }

  private nonisolated func handleBackground() {
    let (services, stay) = usage.withLock { usage in
      (usage.runningServices, usage.enterBackground())
    }
    // First of all: iOS may suspend the app as soon as this returns.
    if !services.isEmpty { beginBackgroundTime(for: stay) }
    sendAppState(isActive: false, remaining: time.remaining)
  }

  /// Asks iOS for background time, and stops the services before it is over.
  private nonisolated func beginBackgroundTime(for stay: Int) {
    time.begin("services") { [self] in expireServices(in: stay, remaining: 0) }
    guard let remaining = time.remaining else { return }
    clock.after(max(0, remaining - Self.stopMarginSeconds), on: timers) { [self] in
      expireServices(in: stay, remaining: Self.stopMarginSeconds)
    }
  }

  private nonisolated func handleActive() {
    let services = usage.withLock { usage in
      usage.becomeActive()
      return usage.startedServices
    }
    time.end("services")
    sendAppState(isActive: true, remaining: nil)
    queue.async { [self] in
      for service in services where windowHistory.desiredRunning(service.name) == true {
        resume(service)
      }
    }
  }

  private nonisolated func resume(_ service: BgsvcService) {
    guard !usage.withLock({ $0.state(of: service.name).hasRun }) else { return }
    do { _ = try start(service, .replay) } catch {
      NSLog("bgsvc: could not start %@ again: %@", service.name, "\(error)")
    }
  }

  private nonisolated func sendAppState(isActive: Bool, remaining: TimeInterval?) {
    guard bridge.hasContactedPython else { return }
    queue.async { [self] in
      do { try bridge.sendAppState(isActive: isActive, remaining: remaining) } catch {
        NSLog("bgsvc: %@", "\(error)")
      }
    }
  }

  /// Stops the services that still run, unless the user has come back since.
  private nonisolated func expireServices(in stay: Int, remaining: TimeInterval) {
    let services = usage.withLock { usage in
      usage.backgroundStay == stay ? usage.runningServices : []
    }
    queue.async { [self] in
      for service in services {
        do { try bridge.expire(service, remaining: remaining) } catch {
          NSLog("bgsvc: could not ask %@ to stop: %@", service.name, "\(error)")
        }
      }
    }
  }

  private nonisolated func handleRunEnd(of service: BgsvcService) {
    let isIdle = usage.withLock { usage in
      usage.endRun(of: service.name)
      return !usage.hasRuns
    }
    if isIdle { time.end("services") }
  }
}

extension BgsvcForeground {
  /// Whether the app is in use, and which services were started in the foreground.
  struct Usage: Sendable {
    /// Whether the user sees the app; only the methods of `Usage` change it.
    private enum AppState: Sendable {
      case active
      /// The stays in the background are numbered, so that a timer of an earlier stay is ignored.
      case background(stay: Int)
    }

    /// The life cycle of a service; only the methods of `Usage` change it. The table is in
    /// `docs/ios.md`.
    enum ServiceState: Sendable, Hashable {
      /// A run goes on; after its end the service starts again when the app becomes active.
      case running(BgsvcService)
      /// No run goes on; the service starts again when the app becomes active.
      case suspended(BgsvcService)
      /// A run goes on, and the service does not start again.
      case stopping
      /// No run goes on, and the service does not start again.
      case idle
    }

    // iOS may have launched the app for a window, so it counts as unseen until it becomes active.
    private var appState = AppState.background(stay: 0)
    private var lastStay = 0
    private var states: [String: ServiceState] = [:]

    nonisolated init() {}

    /// The state of the service called `name`.
    nonisolated func state(of name: String) -> ServiceState { states[name] ?? .idle }

    /// The number of the current stay in the background; `nil` while the app is active.
    nonisolated var backgroundStay: Int? {
      guard case .background(let stay) = appState else { return nil }
      return stay
    }

    /// Whether a run goes on.
    nonisolated var hasRuns: Bool { states.values.contains(where: \.hasRun) }

    /// The services that run, without those that are stopping.
    nonisolated var runningServices: [BgsvcService] {
      states.values.compactMap { state in
        if case .running(let service) = state { return service }
        return nil
      }
    }

    /// The services that start again when the app becomes active.
    nonisolated var startedServices: [BgsvcService] {
      states.values.compactMap { state in
        switch state {
        case .running(let service), .suspended(let service): service
        case .stopping, .idle: nil
        }
      }
    }

    /// Begins a stay in the background, and returns its number.
    nonisolated mutating func enterBackground() -> Int {
      lastStay += 1
      appState = .background(stay: lastStay)
      return lastStay
    }

    nonisolated mutating func becomeActive() {
      appState = .active
    }

    nonisolated mutating func start(_ service: BgsvcService) {
      states[service.name] = .running(service)
    }

    nonisolated mutating func forget(_ name: String) {
      states[name] = state(of: name).hasRun ? .stopping : .idle
    }

    nonisolated mutating func endRun(of name: String) {
      switch state(of: name) {
      case .running(let service), .suspended(let service): states[name] = .suspended(service)
      case .stopping, .idle: states[name] = .idle
      }
    }
  }
}

extension BgsvcForeground.Usage.ServiceState {
  /// Whether a run goes on.
  nonisolated var hasRun: Bool {
    switch self {
    case .running, .stopping: true
    case .suspended, .idle: false
    }
  }
}
