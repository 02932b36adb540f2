@_spi(Simulator) import BackgroundTasks
import Foundation
@_spi(Simulator) import UIKit

@testable import BgsvcServices

/// Fails the scenario, and ends its process.
func fail(_ message: String, line: UInt = #line) -> Never {
  FileHandle.standardError.write(Data("line \(line): \(message)\n".utf8))
  exit(1)
}

func expect(_ condition: Bool, _ message: @autoclosure () -> String, line: UInt = #line) {
  if !condition { fail(message(), line: line) }
}

func expectEqual<Value: Equatable>(_ actual: Value, _ expected: Value, line: UInt = #line) {
  if actual != expected { fail("got \(actual), expected \(expected)", line: line) }
}

/// How long a scenario waits for a condition.
let timeoutSeconds = environment("SCENARIO_TIMEOUT_S").flatMap(Double.init) ?? 30

/// A variable of the environment that the test sets for each scenario.
func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

/// Returns when `holds` returns true; fails after `timeoutSeconds`.
func eventually(
  _ condition: String, line: UInt = #line, _ holds: () async -> Bool
) async {
  let deadline = Date(timeIntervalSinceNow: timeoutSeconds)
  while await !holds() {
    if Date() > deadline { fail("timed out: \(condition)", line: line) }
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
      schedule: { [self] seconds, queue, action in
        lock.withLock { timers.append((date.addingTimeInterval(seconds), queue, action)) }
      })
  }

  var now: Date { lock.withLock { date } }

  /// Moves the clock, and returns after the actions of the due timers; fails if one blocks.
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
      if done.wait(timeout: .now() + timeoutSeconds) == .timedOut {
        fail("a timer's action blocks")
      }
    }
  }
}

/// The events of all services so far.
final class EventRecorder: @unchecked Sendable {
  private let lock = NSLock()
  private var all: [BgsvcEvent] = []

  init(_ stream: AsyncStream<BgsvcEvent>) {
    Task.detached { [self] in
      for await event in stream { lock.withLock { all.append(event) } }
    }
  }

  var recorded: [BgsvcEvent] { lock.withLock { all } }

  func count(_ name: String, of service: BgsvcService) -> Int {
    recorded.filter { $0.service == service.name && $0.name == name }.count
  }

  func last(_ name: String, of service: BgsvcService) -> BgsvcEvent? {
    recorded.last { $0.service == service.name && $0.name == name }
  }
}

/// The app of a scenario, with stand-ins for iOS around it.
final class Fixture: Sendable {
  static let id = "org.example.scenarios"

  let app: BgsvcApp
  let tasks: [BgsvcTask]
  let events: EventRecorder
  let clock = ManualClock()
  let windowHistory: BgsvcWindowHistory
  let system = Isolated(BGTaskScheduler.shared)

  init(_ tasks: [BgsvcTask], permitted: [String]? = nil, services: [BgsvcService]? = nil) {
    self.tasks = tasks
    windowHistory = BgsvcWindowHistory(suite: "fixture-\(UUID().uuidString)")
    app = BgsvcApp(
      id: Self.id, services: services ?? tasks.flatMap { $0.runs.map(\.service) }, tasks: tasks,
      location: pythonLocation(),
      folder: URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent(
        UUID().uuidString),
      windowHistory: windowHistory, clock: clock.clock)
    events = EventRecorder(app.events())
    system.value.permit(permitted ?? tasks.map(\.identifier))
  }

  /// Launches the app, and returns after its first requests. With `seen` false, iOS launches it in
  /// the background for a window.
  @discardableResult
  func launch(seen: Bool = true) async -> [BgsvcError] {
    let errors = app.register()
    system.value.finishLaunching()
    if seen { await application().value.becomeActive() }
    let periodic = tasks.filter(\.isPeriodic).count - errors.count
    await eventually("the first requests") { system.value.submitted.count >= periodic }
    return errors
  }

  /// The values of `setTaskCompleted` for a task, in order.
  func completions(_ task: BgsvcTask) -> [Bool] {
    system.value.completed.filter { $0.identifier == task.identifier }.map(\.success)
  }

  /// Grants the requested window, and returns when the app has opened it; `false` if there is no
  /// request.
  @discardableResult
  func open(_ task: BgsvcTask) async -> Bool {
    guard system.value.launch(task.identifier) else { return false }
    await eventually("opened") {
      let granted = system.value.granted.first { $0.identifier == task.identifier }
      return granted == nil || granted?.expirationHandler != nil
    }
    return true
  }

  func isRequested(_ task: BgsvcTask) -> Bool { system.value.request(task.identifier) != nil }
}

/// A value that is safe to share, although its type is not `Sendable`.
struct Isolated<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

func service(_ entry: String, name: String? = nil, stopTimeout: Double = 10) -> BgsvcService {
  let name = name ?? entry.lowercased()
  return BgsvcService(
    name: name, label: entry,
    config: """
      {"name":"\(name)","entry":"scenario_services:\(entry)","stopTimeout":\(stopTimeout),\
      "restart":{"on":"never"}}
      """)
}

func refresh(_ services: BgsvcService..., earliest: TimeInterval = 900) -> BgsvcTask {
  BgsvcTask(
    identifier: "\(Fixture.id).bg-refresh", kind: .refresh,
    runs: services.map { BgsvcTask.Run(service: $0, earliest: earliest) })
}

func processing(
  _ service: BgsvcService, network: Bool = false, power: Bool = false
) -> BgsvcTask {
  BgsvcTask(
    identifier: "\(Fixture.id).\(service.name).bg-processing",
    kind: .processing(network: network, power: power),
    runs: [BgsvcTask.Run(service: service, earliest: 900)])
}

func continued(_ service: BgsvcService, mayQueue: Bool = true, gpu: Bool = false) -> BgsvcTask {
  BgsvcTask(
    identifier: "\(Fixture.id).\(service.name).continued",
    kind: .continued(
      BgsvcTask.Continued(title: "Working", subtitle: "", mayQueue: mayQueue, gpu: gpu)),
    runs: [BgsvcTask.Run(service: service, earliest: 0)])
}

func pythonLocation() -> BgsvcLocation {
  guard
    let home = environment("SCENARIO_PYTHON_HOME"), let paths = environment("SCENARIO_PYTHON_PATHS")
  else { fail("no Python") }
  return BgsvcLocation(home: home, searchPaths: paths.split(separator: ":").map(String.init))
}
