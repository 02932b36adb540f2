import Foundation
import UIKit

/// Runs services while the app is in use, and lets them finish when the user leaves it.
final class BgsvcForeground: @unchecked Sendable {
  /// Seconds before the end of the background time at which services are told to stop.
  nonisolated static let margin: TimeInterval = 5

  private let bridge: BgsvcBridge
  private let runs: BgsvcRuns
  private let ledger: BgsvcLedger
  private let time: BgsvcBackgroundTime
  private let clock: BgsvcClock
  private let queue = DispatchQueue(label: "bgsvc.foreground")
  private let timers = DispatchQueue(label: "bgsvc.foreground.timers")
  private let lock = NSLock()
  private var started: [String: BgsvcService] = [:]
  private var running: Set<String> = []
  // Until iOS says otherwise: it may have launched the app for a window, with no one to see it.
  private var isBackground = true
  private var departures = 0
  private var observers: [any NSObjectProtocol] = []

  nonisolated init(
    bridge: BgsvcBridge, runs: BgsvcRuns, ledger: BgsvcLedger, time: BgsvcBackgroundTime,
    clock: BgsvcClock
  ) {
    self.bridge = bridge
    self.runs = runs
    self.ledger = ledger
    self.time = time
    self.clock = clock
  }

  /// Listens for the app's coming and going.
  nonisolated func observe() {
    let center = NotificationCenter.default
    let left = center.addObserver(
      forName: UIApplication.didEnterBackgroundNotification, object: nil, queue: nil
    ) { @Sendable [self] _ in leave() }
    let entered = center.addObserver(
      forName: UIApplication.didBecomeActiveNotification, object: nil, queue: nil
    ) { @Sendable [self] _ in enter() }
    lock.withLock { observers = [left, entered] }
  }

  /// Starts a run that goes on while the app is in use; returns its number.
  nonisolated func start(
    _ service: BgsvcService, _ reason: BgsvcBridge.StartReason
  ) throws -> Int {
    let departure = lock.withLock {
      started[service.name] = service
      running.insert(service.name)
      return isBackground ? departures : nil
    }
    if let departure { hold(departure) }
    return try runs.start(service, reason, granted: nil) { [self] _ in ended(service) }
  }

  /// Forgets that a service is to run whenever the app is in use.
  nonisolated func forget(_ service: BgsvcService) {
    lock.withLock { started[service.name] = nil }
  }

  /// Does what a service asks for its finite tasks.
  nonisolated func finiteTask(_ id: String, isOpen: Bool) {
    guard isOpen else { return time.end(id) }
    let isGranted = time.begin(id) { [self] in expireFiniteTask(id) }
    if !isGranted { NSLog("bgsvc: iOS gives no time for %@", id) }
  }

  private nonisolated func expireFiniteTask(_ id: String) {
    queue.async { [self] in
      do { try bridge.expireFiniteTask(id) } catch {
        NSLog("bgsvc: %@ was not told that its time is up: %@", id, "\(error)")
      }
    }
  }

  private nonisolated func leave() {
    let (services, departure) = lock.withLock {
      isBackground = true
      departures += 1
      return (underWay(), departures)
    }
    // Begun before anything else: the app may be suspended when this returns.
    if !services.isEmpty { hold(departure) }
    tell(isActive: false, time.remaining)
  }

  /// Asks for time for what runs in the background, and tells it to stop before that is over.
  private nonisolated func hold(_ departure: Int) {
    time.begin("services") { [self] in expire(departure, remaining: 0) }
    guard let remaining = time.remaining else { return }
    clock.after(max(0, remaining - Self.margin), on: timers) { [self] in
      expire(departure, remaining: Self.margin)
    }
  }

  private nonisolated func enter() {
    let services = lock.withLock {
      isBackground = false
      return Array(started.values)
    }
    time.end("services")
    tell(isActive: true, nil)
    queue.async { [self] in
      for service in services where ledger.isWanted(service.name) == true { resume(service) }
    }
  }

  private nonisolated func resume(_ service: BgsvcService) {
    guard lock.withLock({ !running.contains(service.name) }) else { return }
    do { _ = try start(service, .replay) } catch {
      NSLog("bgsvc: %@ did not start again: %@", service.name, "\(error)")
    }
  }

  private nonisolated func tell(isActive: Bool, _ remaining: TimeInterval?) {
    guard bridge.isUsed else { return }
    queue.async { [self] in
      do { try bridge.appState(isActive: isActive, remaining: remaining) } catch {
        NSLog("bgsvc: %@", "\(error)")
      }
    }
  }

  /// Tells what still runs to stop, unless the user has come back since.
  private nonisolated func expire(_ departure: Int, remaining: TimeInterval) {
    let services = lock.withLock {
      isBackground && departures == departure ? underWay() : []
    }
    queue.async { [self] in
      for service in services {
        do { try bridge.expire(service, remaining: remaining) } catch {
          NSLog("bgsvc: %@ was not told to stop: %@", service.name, "\(error)")
        }
      }
    }
  }

  private nonisolated func ended(_ service: BgsvcService) {
    let isQuiet = lock.withLock {
      running.remove(service.name)
      return running.isEmpty
    }
    if isQuiet { time.end("services") }
  }

  /// What runs, of what was started here; under the lock.
  private nonisolated func underWay() -> [BgsvcService] {
    started.values.filter { running.contains($0.name) }
  }
}
