@_spi(Simulator) import BackgroundTasks
import Foundation
@_spi(Simulator) import UIKit

@testable import BgsvcServices

/// Ends the process, and the scenario with it.
func fail(_ what: String, line: UInt = #line) -> Never {
  FileHandle.standardError.write(Data("line \(line): \(what)\n".utf8))
  exit(1)
}

func expect(_ condition: Bool, _ what: @autoclosure () -> String, line: UInt = #line) {
  if !condition { fail(what(), line: line) }
}

func expectEqual<Value: Equatable>(_ found: Value, _ expected: Value, line: UInt = #line) {
  if found != expected { fail("found \(found), expected \(expected)", line: line) }
}

/// Seconds that something may take.
let patience = ProcessInfo.processInfo.environment["TRIAL_PATIENCE"].flatMap(Double.init) ?? 30

/// Returns when `condition` holds; fails if it takes too long.
func eventually(
  _ what: String, line: UInt = #line, _ condition: () async -> Bool
) async {
  let limit = Date(timeIntervalSinceNow: patience)
  while await !condition() {
    if Date() > limit { fail("never: \(what)", line: line) }
    try? await Task.sleep(nanoseconds: 2_000_000)
  }
}

/// A clock that stands still until it is moved.
final class ManualClock: @unchecked Sendable {
  private typealias Timer = (date: Date, queue: DispatchQueue, action: @Sendable () -> Void)
  private let lock = NSLock()
  private var date = Date()
  private var timers: [Timer] = []

  var clock: BgsvcClock {
    BgsvcClock(
      now: { [self] in lock.withLock { date } },
      later: { [self] seconds, queue, action in
        lock.withLock { timers.append((date.addingTimeInterval(seconds), queue, action)) }
      })
  }

  var now: Date { lock.withLock { date } }

  /// Moves on, and returns when everything that was due by then has been done; fails if that waits.
  func advance(by seconds: TimeInterval) {
    let due = lock.withLock {
      date.addTimeInterval(seconds)
      let due = timers.filter { $0.date <= date }
      timers.removeAll { $0.date <= date }
      return due
    }
    for timer in due {
      let done = DispatchSemaphore(value: 0)
      timer.queue.async {
        timer.action()
        done.signal()
      }
      if done.wait(timeout: .now() + patience) == .timedOut { fail("a timer waits") }
    }
  }
}

/// What services said, as it comes.
final class Heard: @unchecked Sendable {
  private let lock = NSLock()
  private var all: [BgsvcEvent] = []

  init(_ stream: AsyncStream<BgsvcEvent>) {
    Task.detached { [self] in
      for await event in stream { lock.withLock { all.append(event) } }
    }
  }

  var events: [BgsvcEvent] { lock.withLock { all } }

  func count(_ name: String, of service: BgsvcService) -> Int {
    events.filter { $0.service == service.name && $0.name == name }.count
  }

  func last(_ name: String, of service: BgsvcService) -> BgsvcEvent? {
    events.last { $0.service == service.name && $0.name == name }
  }
}

/// An app of its own for each scenario, with iOS around it.
final class Trial: Sendable {
  static let id = "org.example.trials"

  let app: BgsvcApp
  let tasks: [BgsvcTask]
  let heard: Heard
  let clock = ManualClock()
  let ledger: BgsvcLedger
  let system = Isolated(BGTaskScheduler.shared)

  init(_ tasks: [BgsvcTask], permitted: [String]? = nil, services: [BgsvcService]? = nil) {
    let environment = ProcessInfo.processInfo.environment
    guard let home = environment["TRIAL_PYTHON"], let paths = environment["TRIAL_PATHS"] else {
      fail("no Python")
    }
    self.tasks = tasks
    ledger = BgsvcLedger(suite: "trial-\(UUID().uuidString)")
    app = BgsvcApp(
      id: Self.id, services: services ?? tasks.flatMap { $0.runs.map(\.service) }, tasks: tasks,
      location: BgsvcLocation(
        home: home, searchPaths: paths.split(separator: ":").map(String.init)),
      folder: URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent(
        UUID().uuidString),
      ledger: ledger, clock: clock.clock)
    heard = Heard(app.events())
    system.value.permit(permitted ?? tasks.map(\.identifier))
  }

  /// Launches the app: what it does before its launch ends, and its first requests. Where nobody
  /// sees it, iOS has launched it for a window.
  @discardableResult
  func launch(seen: Bool = true) async -> [BgsvcError] {
    let errors = app.register()
    system.value.finishLaunching()
    if seen { await application().value.becomeActive() }
    let periodic = tasks.filter(\.isPeriodic).count - errors.count
    await eventually("the first requests") { system.value.submitted.count >= periodic }
    return errors
  }

  /// How the windows of a task ended.
  func completions(_ task: BgsvcTask) -> [Bool] {
    system.value.completed.filter { $0.identifier == task.identifier }.map(\.success)
  }

  /// Grants what was asked for, and returns when the app has it: `false` if nothing was asked for.
  @discardableResult
  func open(_ task: BgsvcTask) async -> Bool {
    guard system.value.launch(task.identifier) else { return false }
    await eventually("opened") {
      let granted = system.value.granted.first { $0.identifier == task.identifier }
      return granted == nil || granted?.expirationHandler != nil
    }
    return true
  }

  func isAskedFor(_ task: BgsvcTask) -> Bool { system.value.request(task.identifier) != nil }
}

/// A value that is safe to share, although its type cannot say so.
struct Isolated<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

func service(_ entry: String, name: String? = nil, stopTimeout: Double = 10) -> BgsvcService {
  let name = name ?? entry.lowercased()
  return BgsvcService(
    name: name, label: entry,
    config: """
      {"name":"\(name)","entry":"trials:\(entry)","stopTimeout":\(stopTimeout),\
      "restart":{"on":"never"}}
      """)
}

func refresh(_ services: BgsvcService..., earliest: TimeInterval = 900) -> BgsvcTask {
  BgsvcTask(
    identifier: "\(Trial.id).bg-refresh", kind: .refresh,
    runs: services.map { BgsvcTask.Run(service: $0, earliest: earliest) })
}

func processing(
  _ service: BgsvcService, network: Bool = false, power: Bool = false
) -> BgsvcTask {
  BgsvcTask(
    identifier: "\(Trial.id).\(service.name).bg-processing",
    kind: .processing(network: network, power: power),
    runs: [BgsvcTask.Run(service: service, earliest: 900)])
}

func continued(_ service: BgsvcService, mayQueue: Bool = true, gpu: Bool = false) -> BgsvcTask {
  BgsvcTask(
    identifier: "\(Trial.id).\(service.name).continued",
    kind: .continued(
      BgsvcTask.Continued(title: "Working", subtitle: "", mayQueue: mayQueue, gpu: gpu)),
    runs: [BgsvcTask.Run(service: service, earliest: 0)])
}
