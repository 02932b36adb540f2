import BackgroundTasks
import Foundation

/// Runs the app's services in the windows that iOS grants; lives as long as the app.
final class BgsvcScheduler: Sendable {
  /// How long services have to stop after their window expired.
  nonisolated static let stopGraceSeconds: TimeInterval = 3
  /// After how long a refresh expires here: iOS ends the app after thirty seconds.
  nonisolated static let refreshLimitSeconds: TimeInterval = 25

  private enum Registration: Sendable {
    /// `register()` was not called.
    case unregistered
    /// `register()` has begun.
    case registering
    /// These identifiers are registered.
    case registered(Set<String>)
  }

  private let tasks: [BgsvcTask]
  private let runs: BgsvcRuns
  private let bridge: BgsvcBridge
  private let windowHistory: BgsvcWindowHistory
  private let clock: BgsvcClock
  private let queue = DispatchQueue(label: "bgsvc.scheduler")
  private let timers = DispatchQueue(label: "bgsvc.timers")
  // The only queue that waits for Python: if Python hangs, neither iOS's calls nor timers wait.
  private let calls = DispatchQueue(label: "bgsvc.calls")
  private let registration = BgsvcLocked(Registration.unregistered)
  private let windows = BgsvcLocked<[BgsvcWindow]>([])

  nonisolated init(
    tasks: [BgsvcTask], bridge: BgsvcBridge, runs: BgsvcRuns, windowHistory: BgsvcWindowHistory,
    clock: BgsvcClock
  ) {
    self.tasks = tasks
    self.bridge = bridge
    self.runs = runs
    self.windowHistory = windowHistory
    self.clock = clock
  }

  /// Registers every task, once: iOS ends an app that registers an identifier twice.
  ///
  /// - Returns: An error for each identifier that iOS refused; `nil` if this was called before.
  nonisolated func register() -> [BgsvcError]? {
    let isFirst = registration.withLock { registration in
      guard case .unregistered = registration else { return false }
      registration = .registering
      return true
    }
    guard isFirst else { return nil }
    let supported = tasks.filter { BgsvcRequests.isSupported($0.kind) }
    let refused = supported.filter { !register($0) }.map(\.identifier)
    let accepted = Set(supported.map(\.identifier)).subtracting(refused)
    registration.withLock { $0 = .registered(accepted) }
    return refused.map(BgsvcError.notInInfoPlist)
  }

  /// Requests the next windows of `service`, or of every service; may be called at any time.
  nonisolated func submit(_ service: BgsvcService? = nil) async -> [BgsvcRequest] {
    var requests: [BgsvcRequest] = []
    for task in tasks where task.isPeriodic && (service == nil || task.includes(service)) {
      if let request = await submit(task) { requests.append(request) }
    }
    return requests
  }

  /// Requests the continued task of `service`, to begin now; `nil` if it has none.
  nonisolated func submitContinued(_ service: BgsvcService) async -> BgsvcRequest? {
    guard let task = tasks.first(where: { !$0.isPeriodic && $0.includes(service) }) else {
      return nil
    }
    return await submit(task)
  }

  /// Cancels the requests that were for `service` alone, after its desired state was cleared.
  nonisolated func cancel(_ service: BgsvcService) {
    for task in tasks where task.includes(service) && desiredRuns(of: task).isEmpty {
      BgsvcRequests.cancel(task)
    }
  }

  /// Shows a service's progress to the user, if it runs in a window that shows any.
  nonisolated func showProgress(_ event: BgsvcEvent) {
    let window = windows.withLock { $0.first { $0.isRunning(event.service) } }
    window?.showProgress(event.data)
  }

  private nonisolated func submit(_ task: BgsvcTask) async -> BgsvcRequest? {
    guard case .registered(let identifiers) = registration.withLock({ $0 }) else {
      return BgsvcRequest(identifier: task.identifier, error: .notRegistered)
    }
    if BgsvcRequests.isSupported(task.kind), !identifiers.contains(task.identifier) {
      return BgsvcRequest(identifier: task.identifier, error: .notInInfoPlist(task.identifier))
    }
    return await withCheckedContinuation { continuation in
      queue.async { [self] in
        if !requestWindow(of: task, completion: { continuation.resume(returning: $0) }) {
          continuation.resume(returning: nil)
        }
      }
    }
  }

  /// Requests a window of `task`; runs on `queue`.
  ///
  /// - Returns: `false` if the desired state of none of its services is running.
  private nonisolated func requestWindow(
    of task: BgsvcTask, completion: @escaping @Sendable (BgsvcRequest) -> Void
  ) -> Bool {
    let runs = task.isPeriodic ? desiredRuns(of: task) : task.runs
    guard !runs.isEmpty else { return false }
    let now = clock.now()
    let dates = runs.map { windowHistory.resolveDueDate(of: $0, in: task, now: now) }
    BgsvcRequests.submit(
      task, earliest: task.isPeriodic ? dates.min() : nil, completion: completion)
    return true
  }

  /// Requests the next window of `task`, and logs a refusal.
  private nonisolated func requestNextWindow(of task: BgsvcTask) {
    _ = requestWindow(of: task) { if let error = $0.error { NSLog("bgsvc: %@", "\(error)") } }
  }

  /// The runs of `task` whose services were not stopped.
  private nonisolated func desiredRuns(of task: BgsvcTask) -> [BgsvcTask.Run] {
    task.runs.filter { windowHistory.desiredRunning($0.service.name) ?? true }
  }

  private nonisolated func register(_ task: BgsvcTask) -> Bool {
    // @Sendable: without it a caller on the main actor makes the closure the main actor's, and
    // the app crashes when iOS calls it on `queue`.
    BGTaskScheduler.shared.register(forTaskWithIdentifier: task.identifier, using: queue) {
      @Sendable [self] granted in openWindow(of: task, granted)
    }
  }

  private nonisolated func openWindow(of task: BgsvcTask, _ granted: BGTask) {
    let now = clock.now()
    let dueRuns = dueRuns(of: task, now: now)
    for run in dueRuns { windowHistory.recordOpening(of: run, in: task, at: now) }
    let window = BgsvcWindow(granted, for: task, dueRuns.map(\.service), opened: now) {
      [self] in handleClosed($0, $1)
    }
    windows.withLock { $0.append(window) }
    granted.expirationHandler = { @Sendable [self] in expire(window) }
    // Before anything runs: nothing else requests the next window, however this one ends.
    if task.isPeriodic {
      requestNextWindow(of: task)
    }
    let limit: TimeInterval? = task.kind == .refresh ? Self.refreshLimitSeconds : nil
    if let limit { clock.after(limit, on: timers) { [self] in expire(window) } }
    window.completeIfFinished()
    calls.async { [self] in
      for run in dueRuns {
        switch window.state {
        case .open, .failing: start(run.service, in: window, limit)
        // iOS took the time back before the run began; nothing would end it any more.
        case .expiring: window.endRun(of: run.service, succeeded: false)
        case .closed: return
        }
      }
    }
  }

  private nonisolated func start(
    _ service: BgsvcService, in window: BgsvcWindow, _ limit: TimeInterval?
  ) {
    do {
      let reason: BgsvcBridge.StartReason = window.task.isPeriodic ? .task : .user
      try runs.start(service, reason, granted: limit) { succeeded in
        window.endRun(of: service, succeeded: succeeded)
      }
    } catch {
      NSLog("bgsvc: could not start %@: %@", service.name, "\(error)")
      window.endRun(of: service, succeeded: false)
    }
  }

  /// The runs whose date has come; the earliest ones if iOS, or a debugger, is early.
  private nonisolated func dueRuns(of task: BgsvcTask, now: Date) -> [BgsvcTask.Run] {
    guard task.isPeriodic else { return task.runs }
    let dates = desiredRuns(of: task).map { run in
      (run: run, date: windowHistory.resolveDueDate(of: run, in: task, now: now))
    }
    let earliest = dates.map(\.date).min() ?? now
    return dates.filter { $0.date <= max(earliest, now) }.map(\.run)
  }

  private nonisolated func expire(_ window: BgsvcWindow) {
    guard windows.withLock({ $0.contains { $0 === window } }) else { return }
    let running = window.expire()
    clock.after(Self.stopGraceSeconds, on: timers) { window.giveUp() }
    window.completeIfFinished()
    calls.async { [self] in
      for service in running {
        do { try bridge.expire(service, remaining: Self.stopGraceSeconds) } catch {
          NSLog("bgsvc: could not ask %@ to stop: %@", service.name, "\(error)")
        }
      }
    }
  }

  private nonisolated func handleClosed(_ window: BgsvcWindow, _ outcome: BgsvcWindow.Outcome) {
    windows.withLock { $0.removeAll { $0 === window } }
    windowHistory.record(
      BgsvcPastWindow(
        identifier: window.task.identifier, opened: window.opened, closed: clock.now(),
        outcome: outcome))
    guard outcome == .expired || outcome == .overrun, window.task.isPeriodic else { return }
    // The request that was made when the window opened has an earlier date: replace it.
    queue.async { [self] in requestNextWindow(of: window.task) }
  }
}

extension BgsvcTask {
  nonisolated func includes(_ service: BgsvcService?) -> Bool {
    runs.contains { $0.service == service }
  }
}
