import BackgroundTasks
import Foundation

/// Runs the app's services in the windows that iOS grants; lives as long as the app.
final class BgsvcScheduler: @unchecked Sendable {
  /// Seconds from the expiration of a window to its completion, for the services to stop in.
  nonisolated static let grace: TimeInterval = 3
  /// Seconds that a refresh may take before it is ended here: iOS ends the app after thirty.
  nonisolated static let refreshLimit: TimeInterval = 25

  private let tasks: [BgsvcTask]
  private let runs: BgsvcRuns
  private let bridge: BgsvcBridge
  private let ledger: BgsvcLedger
  private let clock: BgsvcClock
  private let queue = DispatchQueue(label: "bgsvc.scheduler")
  private let timers = DispatchQueue(label: "bgsvc.timers")
  // The one that waits for Python: one that hangs holds up neither iOS's calls nor the timers.
  private let calls = DispatchQueue(label: "bgsvc.calls")
  private let lock = NSLock()
  private var hasBegun = false
  private var registered: Set<String>?
  private var windows: [BgsvcWindow] = []

  nonisolated init(
    tasks: [BgsvcTask], bridge: BgsvcBridge, runs: BgsvcRuns, ledger: BgsvcLedger,
    clock: BgsvcClock
  ) {
    self.tasks = tasks
    self.bridge = bridge
    self.runs = runs
    self.ledger = ledger
    self.clock = clock
  }

  /// Registers every task, once: iOS ends an app that registers one twice.
  ///
  /// - Returns: An error for each identifier that iOS refused; `nil` if this was called before.
  nonisolated func register() -> [BgsvcError]? {
    let isFirst = lock.withLock {
      defer { hasBegun = true }
      return !hasBegun
    }
    guard isFirst else { return nil }
    let supported = tasks.filter { BgsvcRequests.isSupported($0.kind) }
    let refused = supported.filter { !register($0) }.map(\.identifier)
    let taken = Set(supported.map(\.identifier)).subtracting(refused)
    lock.withLock { registered = taken }
    return refused.map(BgsvcError.notInInfoPlist)
  }

  /// Asks iOS for the next windows of `service`, or of every service; asking again does no harm.
  nonisolated func submit(_ service: BgsvcService? = nil) async -> [BgsvcRequest] {
    var answers: [BgsvcRequest] = []
    for task in tasks where task.isPeriodic && (service == nil || task.runs(service)) {
      if let answer = await submit(task) { answers.append(answer) }
    }
    return answers
  }

  /// Asks iOS to begin the continued task of `service` now; `nil` if it has none.
  nonisolated func submitContinued(_ service: BgsvcService) async -> BgsvcRequest? {
    guard let task = tasks.first(where: { !$0.isPeriodic && $0.runs(service) }) else { return nil }
    return await submit(task)
  }

  /// Takes back the requests that are for `service` alone, after it is no longer wanted.
  nonisolated func cancel(_ service: BgsvcService) {
    for task in tasks where task.runs(service) && wanted(task).isEmpty {
      BgsvcRequests.cancel(task)
    }
  }

  /// Shows a service's progress in its window, if it runs in one that shows any.
  nonisolated func report(_ event: BgsvcEvent) {
    let window = lock.withLock { windows.first { $0.holds(event.service) } }
    window?.report(event.data)
  }

  private nonisolated func submit(_ task: BgsvcTask) async -> BgsvcRequest? {
    guard let registered = lock.withLock({ registered }) else {
      return BgsvcRequest(identifier: task.identifier, error: .notRegistered)
    }
    if BgsvcRequests.isSupported(task.kind), !registered.contains(task.identifier) {
      return BgsvcRequest(identifier: task.identifier, error: .notInInfoPlist(task.identifier))
    }
    return await withCheckedContinuation { continuation in
      queue.async { [self] in
        if !ask(for: task, answered: { continuation.resume(returning: $0) }) {
          continuation.resume(returning: nil)
        }
      }
    }
  }

  /// Asks for a window of `task`, on the queue; `false` if no service of it is wanted.
  private nonisolated func ask(
    for task: BgsvcTask, answered: @escaping @Sendable (BgsvcRequest) -> Void
  ) -> Bool {
    let runs = task.isPeriodic ? wanted(task) : task.runs
    guard !runs.isEmpty else { return false }
    let now = clock.now()
    let dates = runs.map { ledger.due($0, of: task, now: now) }
    BgsvcRequests.submit(task, earliest: task.isPeriodic ? dates.min() : nil, answered: answered)
    return true
  }

  /// What of `task` the user has not stopped.
  private nonisolated func wanted(_ task: BgsvcTask) -> [BgsvcTask.Run] {
    task.runs.filter { ledger.isWanted($0.service.name) ?? true }
  }

  private nonisolated func register(_ task: BgsvcTask) -> Bool {
    // @Sendable: without it a caller on the main actor makes the closure the main actor's, and
    // the app dies when iOS calls it on `queue`.
    BGTaskScheduler.shared.register(forTaskWithIdentifier: task.identifier, using: queue) {
      @Sendable [self] granted in open(task, granted)
    }
  }

  private nonisolated func open(_ task: BgsvcTask, _ granted: BGTask) {
    let now = clock.now()
    let due = due(task, now: now)
    for run in due { ledger.open(run, of: task, now: now) }
    let window = BgsvcWindow(granted, for: task, due.map(\.service), opened: now) {
      [self] in close($0, $1)
    }
    lock.withLock { windows.append(window) }
    granted.expirationHandler = { @Sendable [self] in expire(window) }
    // Before anything runs: nothing else asks for the next window, whatever becomes of this one.
    if task.isPeriodic {
      _ = ask(for: task) { if let error = $0.error { NSLog("bgsvc: %@", "\(error)") } }
    }
    let limit: TimeInterval? = task.kind == .refresh ? Self.refreshLimit : nil
    if let limit { clock.after(limit, on: timers) { [self] in expire(window) } }
    window.completeIfFinished()
    calls.async { [self] in
      for run in due where window.isOpen { start(run.service, in: window, limit) }
    }
  }

  private nonisolated func start(
    _ service: BgsvcService, in window: BgsvcWindow, _ limit: TimeInterval?
  ) {
    do {
      let reason: BgsvcBridge.StartReason = window.task.isPeriodic ? .task : .user
      try runs.start(service, reason, granted: limit) { succeeded in
        window.end(service, succeeded: succeeded)
      }
    } catch {
      NSLog("bgsvc: %@ did not start: %@", service.name, "\(error)")
      window.end(service, succeeded: false)
    }
  }

  /// The runs whose time has come; the next one if iOS, or a debugger, was early.
  private nonisolated func due(_ task: BgsvcTask, now: Date) -> [BgsvcTask.Run] {
    guard task.isPeriodic else { return task.runs }
    let dates = wanted(task).map { (run: $0, date: ledger.due($0, of: task, now: now)) }
    let next = dates.map(\.date).min() ?? now
    return dates.filter { $0.date <= max(next, now) }.map(\.run)
  }

  private nonisolated func expire(_ window: BgsvcWindow) {
    guard lock.withLock({ windows.contains { $0 === window } }) else { return }
    let running = window.expire()
    clock.after(Self.grace, on: timers) { window.giveUp() }
    window.completeIfFinished()
    calls.async { [self] in
      for service in running {
        do { try bridge.expire(service, remaining: Self.grace) } catch {
          NSLog("bgsvc: %@ was not told to stop: %@", service.name, "\(error)")
        }
      }
    }
  }

  private nonisolated func close(_ window: BgsvcWindow, _ outcome: BgsvcWindow.Outcome) {
    lock.withLock { windows.removeAll { $0 === window } }
    ledger.close(
      BgsvcPastWindow(
        identifier: window.task.identifier, opened: window.opened, closed: clock.now(),
        outcome: outcome))
    guard outcome == .expired || outcome == .overrun, window.task.isPeriodic else { return }
    // The request from when the window opened knew nothing of this: ask for a later one.
    queue.async { [self] in
      _ = ask(for: window.task) { if let error = $0.error { NSLog("bgsvc: %@", "\(error)") } }
    }
  }
}

extension BgsvcTask {
  nonisolated func runs(_ service: BgsvcService?) -> Bool {
    runs.contains { $0.service == service }
  }
}
