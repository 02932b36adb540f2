@_spi(Simulator) import BackgroundTasks
import Foundation
@_spi(Simulator) import UIKit

@testable import BgsvcServices

/// A table of `docs/ios.md`: the state after each event, by the state before it.
struct DocumentedTable {
  let events: [String]
  let rows: [String: [String]]

  /// Reads the table below a heading.
  init(_ heading: String) {
    guard
      let data = environment("SCENARIO_DOCS").flatMap(FileManager.default.contents(atPath:))
    else { fail("no documentation") }
    let lines = String(decoding: data, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.firstIndex(where: { $0.hasPrefix("### \(heading) (`") }) else {
      fail("no heading: \(heading)")
    }
    let table = lines[(start + 1)...].drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
    let cells = table.map { line in
      line.dropFirst().dropLast().split(separator: "|").map {
        $0.trimmingCharacters(in: .whitespaces)
      }
    }
    guard cells.count > 2 else { fail("no table: \(heading)") }
    events = Array(cells[0].dropFirst())
    rows = Dictionary(
      uniqueKeysWithValues: cells.dropFirst(2).map { ($0[0], Array($0.dropFirst())) })
  }
}

/// A life cycle in the code: how to reach each state, and how each event happens.
struct LifeCycle<Machine>: Sendable {
  let states: [(name: String, make: @Sendable () -> Machine)]
  let events: [(name: String, happen: @Sendable (inout Machine) -> Void)]
  let describe: @Sendable (Machine) -> String

  /// Walks every state and event; fails where `table` and the code differ.
  func walk(_ table: DocumentedTable, check: (Machine) -> Void = { _ in }) {
    expectEqual(table.events, events.map(\.name))
    expectEqual(Set(table.rows.keys), Set(states.map(\.name)))
    for (name, make) in states {
      for (column, event) in events.enumerated() {
        var machine = make()
        let before = describe(machine)
        expect(before == name || before.hasPrefix("\(name) ("), "\(name) is made as \(before)")
        event.happen(&machine)
        let cell = table.rows[name]?[column] ?? ""
        let expected = cell == "stays" ? before : cell
        let actual = describe(machine)
        expect(actual == expected, "\(before), \(event.name): \(actual), documented: \(expected)")
        check(machine)
      }
    }
  }
}

let stateScenarios: [String: @Sendable () async -> Void] = [
  "a window in every state follows its documented table at every event": {
    windowLifeCycle.walk(DocumentedTable("A window")) { window in
      var completions: [Bool] = []
      if case .closed(let outcome) = window.state { completions = [outcome == .completed] }
      expectEqual(completionsOfTask(window.task.identifier), completions)
    }
  },

  "a window without a run completes, and as failed if it has expired": {
    let completed = makeWindow([])
    completed.completeIfFinished()
    expectEqual(completed.state.description, "closed (completed)")
    let expired = makeWindow([])
    expectEqual(expired.expire(), [])
    expired.completeIfFinished()
    expectEqual(expired.state.description, "closed (expired)")
    expectEqual(completionsOfTask(expired.task.identifier), [false])
  },

  "a waiter in every state follows its documented table at every event": {
    waiterLifeCycle.walk(DocumentedTable("A caller that waits for run 5"))
  },

  "a service in the foreground follows its documented table at every event": {
    foregroundLifeCycle.walk(DocumentedTable("A service in the foreground")) { usage in
      let state = usage.state(of: subject.name)
      let hasRun = [.running(subject), .stopping].contains(state)
      let startsAgain = [.running(subject), .suspended(subject)].contains(state)
      expectEqual(usage.hasRuns, hasRun)
      expectEqual(usage.startedServices, startsAgain ? [subject] : [])
      expectEqual(usage.runningServices, hasRun && startsAgain ? [subject] : [])
    }
  },

  "a background task in every state follows its documented table at every event": {
    backgroundTaskLifeCycle.walk(DocumentedTable("A background task")) { simulated in
      simulated.task.end()
      expectEqual(simulated.returned.withLock { $0 }.sorted(), Array(0..<simulated.identifiers))
    }
  },
]

private let subject = service("Subject")
private let other = service("Other")
private let failed = service("Failed")

private func makeWindow(_ services: [BgsvcService]) -> BgsvcWindow {
  let identifier = UUID().uuidString
  return BgsvcWindow(
    BGTaskScheduler.shared.makeTask(identifier),
    for: BgsvcTask(identifier: identifier, kind: .refresh, runs: []), services, opened: Date(),
    onClose: { _, _ in })
}

private func completionsOfTask(_ identifier: String) -> [Bool] {
  BGTaskScheduler.shared.completed.filter { $0.identifier == identifier }.map(\.success)
}

extension BgsvcWindow.State {
  var description: String {
    switch self {
    case .open: "open"
    case .failing: "failing"
    case .expiring: "expiring"
    case .closed(let outcome): "closed (\(outcome))"
    }
  }
}

private let windowLifeCycle = LifeCycle<BgsvcWindow>(
  states: [
    ("open", { makeWindow([subject, other]) }),
    (
      "failing",
      {
        let window = makeWindow([subject, other, failed])
        window.endRun(of: failed, succeeded: false)
        return window
      }
    ),
    (
      "expiring",
      {
        let window = makeWindow([subject, other])
        expectEqual(Set(window.expire()), [subject, other])
        return window
      }
    ),
    (
      "closed",
      {
        let window = makeWindow([subject])
        window.endRun(of: subject, succeeded: true)
        return window
      }
    ),
    (
      "closed",
      {
        let window = makeWindow([subject])
        window.endRun(of: subject, succeeded: false)
        return window
      }
    ),
    (
      "closed",
      {
        let window = makeWindow([subject])
        expectEqual(window.expire(), [subject])
        window.endRun(of: subject, succeeded: true)
        return window
      }
    ),
    (
      "closed",
      {
        let window = makeWindow([subject])
        expectEqual(window.expire(), [subject])
        window.giveUp()
        return window
      }
    ),
  ],
  events: [
    ("a run succeeds, others go on", { $0.endRun(of: subject, succeeded: true) }),
    ("a run fails, others go on", { $0.endRun(of: subject, succeeded: false) }),
    (
      "the last run succeeds",
      { window in
        window.endRun(of: other, succeeded: true)
        window.endRun(of: subject, succeeded: true)
      }
    ),
    (
      "the last run fails",
      { window in
        window.endRun(of: other, succeeded: true)
        window.endRun(of: subject, succeeded: false)
      }
    ),
    ("iOS takes the time back", { _ = $0.expire() }),
    ("three seconds after that", { $0.giveUp() }),
  ],
  describe: { $0.state.description })

extension BgsvcRuns.Waiter.State {
  var description: String {
    switch self {
    case .requested(let stopped):
      stopped[5].map { "requested (run 5 \($0 ? "succeeded" : "failed"))" } ?? "requested"
    case .waiting(let run): "waiting for run \(run)"
    case .ended(let succeeded): "ended (\(succeeded ? "succeeded" : "failed"))"
    }
  }
}

private func makeWaiter(_ changes: ((inout BgsvcRuns.Waiter) -> Void)...) -> BgsvcRuns.Waiter {
  var waiter = BgsvcRuns.Waiter { _ in }
  for change in changes { change(&waiter) }
  return waiter
}

private let waiterLifeCycle = LifeCycle<BgsvcRuns.Waiter>(
  states: [
    ("requested", { makeWaiter() }),
    ("requested", { makeWaiter { $0.runStopped(4, succeeded: true, restarts: false) } }),
    (
      "requested (run 5 succeeded)",
      { makeWaiter { $0.runStopped(5, succeeded: true, restarts: false) } }
    ),
    (
      "requested (run 5 failed)",
      { makeWaiter { $0.runStopped(5, succeeded: false, restarts: false) } }
    ),
    ("waiting for run 5", { makeWaiter { $0.join(5) } }),
    ("ended", { makeWaiter { $0.fail() } }),
    (
      "ended",
      { makeWaiter({ $0.join(5) }, { $0.runStopped(5, succeeded: true, restarts: false) }) }
    ),
  ],
  events: [
    ("Python replies: run 5", { $0.join(5) }),
    ("Python replies: it has ended", { $0.joinEnded() }),
    ("Python replies: an error", { $0.fail() }),
    ("run 5 succeeds", { $0.runStopped(5, succeeded: true, restarts: false) }),
    ("run 5 fails", { $0.runStopped(5, succeeded: false, restarts: false) }),
    (
      "run 5 fails and restarts within five seconds",
      { $0.runStopped(5, succeeded: false, restarts: true) }
    ),
    ("run 4 fails", { $0.runStopped(4, succeeded: false, restarts: false) }),
  ],
  describe: { $0.state.description })

extension BgsvcForeground.Usage.ServiceState {
  var description: String {
    switch self {
    case .running: "running"
    case .suspended: "suspended"
    case .stopping: "stopping"
    case .idle: "idle"
    }
  }
}

private func makeUsage(
  _ changes: ((inout BgsvcForeground.Usage) -> Void)...
) -> BgsvcForeground.Usage {
  var usage = BgsvcForeground.Usage()
  for change in changes { change(&usage) }
  return usage
}

private let foregroundLifeCycle = LifeCycle<BgsvcForeground.Usage>(
  states: [
    ("idle", { makeUsage() }),
    ("running", { makeUsage { $0.start(subject) } }),
    ("suspended", { makeUsage({ $0.start(subject) }, { $0.endRun(of: subject.name) }) }),
    ("stopping", { makeUsage({ $0.start(subject) }, { $0.forget(subject.name) }) }),
  ],
  events: [
    ("the service starts", { $0.start(subject) }),
    ("it is stopped, or its task is completed", { $0.forget(subject.name) }),
    ("its run ends", { $0.endRun(of: subject.name) }),
  ],
  describe: { $0.state(of: subject.name).description })

/// A background task, with the identifiers that iOS returned and the ones that were given back.
private struct SimulatedTask {
  let task: BgsvcBackgroundTime.BackgroundTask
  let returned: BgsvcLocked<[Int]>
  var identifiers = 0

  init(_ changes: ((inout SimulatedTask) -> Void)...) {
    let returned = BgsvcLocked<[Int]>([])
    self.returned = returned
    task = BgsvcBackgroundTime.BackgroundTask { identifier in
      returned.withLock { $0.append(identifier.rawValue) }
    }
    for change in changes { change(&self) }
  }

  mutating func begin() {
    task.begin(UIBackgroundTaskIdentifier(rawValue: identifiers))
    identifiers += 1
  }
}

extension BgsvcBackgroundTime.BackgroundTask.State {
  var description: String {
    switch self {
    case .requested: "requested"
    case .active: "active"
    case .ended: "ended"
    }
  }
}

private let backgroundTaskLifeCycle = LifeCycle<SimulatedTask>(
  states: [
    ("requested", { SimulatedTask() }),
    ("active", { SimulatedTask { $0.begin() } }),
    ("ended", { SimulatedTask { $0.task.end() } }),
    ("ended", { SimulatedTask({ $0.begin() }, { $0.task.end() }) }),
  ],
  events: [
    ("iOS returns an identifier", { $0.begin() }),
    ("its owner ends it, or iOS takes the time back", { $0.task.end() }),
  ],
  describe: { $0.task.state.description })
