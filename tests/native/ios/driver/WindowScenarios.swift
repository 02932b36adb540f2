@_spi(Simulator) import BackgroundTasks
import Foundation

@testable import BgsvcServices

let windowScenarios: [String: @Sendable () async -> Void] = [
  "a refresh runs its service, is requested again, and completes once": {
    let quick = service("Quick")
    let task = refresh(quick)
    let fixture = Fixture([task])
    await fixture.launch()
    let begin = fixture.system.value.request(task.identifier)?.earliestBeginDate
    expectEqual(begin, fixture.clock.now.addingTimeInterval(900))
    fixture.clock.advance(by: 901)
    expect(fixture.system.value.launch(task.identifier), "not requested")
    await eventually("completed") { fixture.completions(task) == [true] }
    await eventually("worked") {
      fixture.events.last("worked", of: quick)?.data["reason"] == .string("task")
    }
    expect(fixture.isRequested(task), "not requested again")
    expectEqual(
      fixture.system.value.request(task.identifier)?.earliestBeginDate,
      fixture.clock.now.addingTimeInterval(900))
    expectEqual(fixture.app.windowHistory.pastWindows.map(\.ending), ["completed"])
  },

  "a service in a refresh has a deadline of at most 25 seconds": {
    let quick = service("Quick")
    let task = refresh(quick)
    let fixture = Fixture([task])
    await fixture.launch()
    fixture.system.value.launch(task.identifier)
    await eventually("worked") { fixture.events.count("worked", of: quick) == 1 }
    let remaining = fixture.events.last("worked", of: quick)?.data["remaining"]?.number ?? 0
    expect(remaining > 5 && remaining <= 25, "remaining \(remaining)")
  },

  "the next window is requested before Python starts": {
    let task = refresh(service("Quick"))
    let fixture = Fixture([task])
    await fixture.launch()
    let bridge = fixture.app.bridge
    fixture.system.value.watch {
      if bridge.hasContactedPython { fail("Python started first") }
    }
    fixture.system.value.launch(task.identifier)
    await eventually("completed") { fixture.completions(task) == [true] }
    expect(fixture.isRequested(task), "not requested again")
  },

  "an expired window stops its service and completes once, as failed": {
    let patient = service("Patient")
    let task = refresh(patient)
    let fixture = Fixture([task])
    await fixture.launch()
    fixture.system.value.launch(task.identifier)
    await eventually("waiting") { fixture.events.count("waiting", of: patient) == 1 }
    expect(fixture.system.value.expire(task.identifier), "no handler")
    await eventually("stopped") { fixture.events.count("stopped", of: patient) == 1 }
    await eventually("completed") { fixture.completions(task) == [false] }
    expectEqual(
      fixture.events.last("stopped", of: patient)?.data["reason"], .string("platformExpiration"))
    expect(fixture.events.last("asked_to_stop", of: patient) != nil, "no shutdown token")
    fixture.clock.advance(by: 60)
    await eventually("recorded") {
      fixture.app.windowHistory.pastWindows.map(\.ending) == ["expired"]
    }
    expectEqual(fixture.completions(task), [false])
  },

  "a window of a service that ignores expiration completes after three seconds": {
    let stubborn = service("Stubborn")
    let task = processing(stubborn)
    let fixture = Fixture([task])
    await fixture.launch()
    fixture.system.value.launch(task.identifier)
    await eventually("waiting") { fixture.events.count("waiting", of: stubborn) == 1 }
    fixture.system.value.expire(task.identifier)
    await eventually("ignoring") { fixture.events.count("ignoring", of: stubborn) == 1 }
    expectEqual(fixture.completions(task), [])
    fixture.clock.advance(by: 3)
    await eventually("completed") { fixture.completions(task) == [false] }
    await eventually("stopped at last") { fixture.events.count("stopped", of: stubborn) == 1 }
    expectEqual(fixture.completions(task), [false])
    expectEqual(fixture.app.windowHistory.pastWindows.map(\.ending), ["overrun"])
  },

  "a Python that hangs with its lock keeps no window open": {
    let hung = service("Hung")
    let quick = service("Quick")
    let task = refresh(hung)
    let other = processing(quick)
    var toPython: [Int32] = [0, 0]
    var fromPython: [Int32] = [0, 0]
    expectEqual([pipe(&toPython), pipe(&fromPython)], [0, 0])
    setenv("SCENARIO_PIPES", "\(toPython[0]) \(fromPython[1])", 1)
    let fixture = Fixture([task, other])
    await fixture.launch()
    fixture.system.value.launch(task.identifier)
    var byte: UInt8 = 0
    expectEqual(read(fromPython[0], &byte, 1), 1)
    fixture.clock.advance(by: 25)
    expectEqual(fixture.completions(task), [])
    await fixture.open(other)
    fixture.system.value.expire(other.identifier)
    await eventually("both completed") {
      fixture.clock.advance(by: 3)
      return fixture.completions(task) == [false] && fixture.completions(other) == [false]
    }
    expectEqual(write(toPython[1], "x", 1), 1)
    await eventually("stopped") { fixture.events.count("stopped", of: hung) == 1 }
    expectEqual((await fixture.app.state(of: quick)).run, 0)
    expectEqual(fixture.completions(task) + fixture.completions(other), [false, false])
  },

  "windows that end at the same moment are all recorded": {
    let windowHistory = Fixture([]).windowHistory
    let now = Date()
    DispatchQueue.concurrentPerform(iterations: 40) { number in
      let outcome: BgsvcWindow.Outcome = number % 2 == 0 ? .expired : .failed
      windowHistory.record(
        BgsvcPastWindow(identifier: "\(number)", opened: now, closed: now, outcome: outcome))
    }
    expectEqual(windowHistory.pastWindows.count, 40)
    let endings = Set(windowHistory.pastWindows.map { "\($0.identifier) \($0.ending)" })
    expectEqual(endings.count, 40)
  },

  "a refresh expires after 25 seconds, before iOS ends the app": {
    let patient = service("Patient")
    let task = refresh(patient)
    let fixture = Fixture([task])
    await fixture.launch()
    fixture.system.value.launch(task.identifier)
    await eventually("waiting") { fixture.events.count("waiting", of: patient) == 1 }
    fixture.clock.advance(by: 25)
    await eventually("completed") { fixture.completions(task) == [false] }
  },

  "processing requests network and power, and has no deadline": {
    let quick = service("Quick")
    let task = processing(quick, network: true, power: true)
    let fixture = Fixture([task])
    await fixture.launch()
    let request = fixture.system.value.request(task.identifier) as? BGProcessingTaskRequest
    expect(request?.requiresNetworkConnectivity == true, "no network")
    expect(request?.requiresExternalPower == true, "no power")
    fixture.system.value.launch(task.identifier)
    await eventually("completed") { fixture.completions(task) == [true] }
    await eventually("worked") { fixture.events.count("worked", of: quick) == 1 }
    expectEqual(fixture.events.last("worked", of: quick)?.data["remaining"], .null)
  },

  "a health research task is requested as one": {
    let quick = service("Quick")
    let task = BgsvcTask(
      identifier: "\(Fixture.id).study", kind: .healthResearch(network: false, power: true),
      runs: [BgsvcTask.Run(service: quick, earliest: 1)])
    let fixture = Fixture([task])
    await fixture.launch()
    expect(
      fixture.system.value.request(task.identifier) is BGHealthResearchTaskRequest, "another kind")
    fixture.system.value.launch(task.identifier)
    await eventually("completed") { fixture.completions(task) == [true] }
  },

  "an exception in Python fails the window, and the app receives the event": {
    let crash = service("Crash")
    let task = refresh(crash)
    let fixture = Fixture([task])
    await fixture.launch()
    fixture.system.value.launch(task.identifier)
    await eventually("completed") { fixture.completions(task) == [false] }
    await eventually("stopped") { fixture.events.count("stopped", of: crash) == 1 }
    expectEqual(fixture.events.count("error", of: crash), 1)
    let message = fixture.events.last("error", of: crash)?.data["message"]?.string ?? ""
    expect(message.contains("no more of crash"), message)
    expectEqual(fixture.app.windowHistory.pastWindows.map(\.ending), ["failed"])
  },

  "a window of two refreshes ends with the last run": {
    let quick = service("Quick")
    let patient = service("Patient")
    let task = refresh(quick, patient)
    let fixture = Fixture([task])
    await fixture.launch()
    fixture.clock.advance(by: 901)
    fixture.system.value.launch(task.identifier)
    await eventually("both") {
      fixture.events.count("stopped", of: quick) == 1
        && fixture.events.count("waiting", of: patient) == 1
    }
    expectEqual(fixture.completions(task), [])
    fixture.system.value.expire(task.identifier)
    await eventually("completed") { fixture.completions(task) == [false] }
  },

  "a second window joins the current run": {
    let patient = service("Patient")
    let first = refresh(patient)
    let second = processing(patient)
    let fixture = Fixture([first, second])
    await fixture.launch()
    fixture.system.value.launch(first.identifier)
    await eventually("waiting") { fixture.events.count("waiting", of: patient) == 1 }
    await fixture.open(second)
    fixture.system.value.expire(second.identifier)
    await eventually("both completed") {
      fixture.completions(first) == [false] && fixture.completions(second) == [false]
    }
    expectEqual(fixture.events.count("started", of: patient), 1)
  },

  "a task that keeps expiring is requested later each time, until it completes": {
    let patient = service("Patient")
    let task = refresh(patient, earliest: 600)
    let fixture = Fixture([task])
    await fixture.launch()
    for (index, delay) in [1200.0, 2400.0, 4800.0].enumerated() {
      await fixture.open(task)
      let opened = fixture.clock.now
      await eventually("runs") { fixture.events.count("waiting", of: patient) == index + 1 }
      fixture.system.value.expire(task.identifier)
      await eventually("requested later") {
        fixture.system.value.request(task.identifier)?.earliestBeginDate
          == opened.addingTimeInterval(delay)
      }
      await eventually("stopped") { fixture.events.count("stopped", of: patient) == index + 1 }
      fixture.clock.advance(by: delay)
    }
    fixture.system.value.launch(task.identifier)
    await eventually("runs") { fixture.events.count("waiting", of: patient) == 4 }
    try? await fixture.app.stop(patient, reason: "appStop")
    await eventually("completed") { fixture.completions(task).last == true }
    _ = await fixture.app.start(patient, .user)
    expectEqual(
      fixture.windowHistory.resolveDueDate(of: task.runs[0], in: task, now: fixture.clock.now),
      fixture.clock.now.addingTimeInterval(600))
  },

  "an app that iOS launches in the background runs the task": {
    let quick = service("Quick")
    let task = processing(quick)
    let fixture = Fixture([task])
    // Only the request of an earlier process exists: no scene, no view, no start by the app.
    await fixture.launch(seen: false)
    expect(!fixture.app.bridge.hasContactedPython, "Python was started")
    fixture.system.value.launch(task.identifier)
    await eventually("completed") { fixture.completions(task) == [true] }
  },

  "an app that registers on its main actor gets its window": {
    let task = refresh(service("Quick"))
    let fixture = Fixture([task])
    let errors = await MainActor.run { fixture.app.register() }
    expectEqual(errors, [])
    await eventually("requested") { fixture.isRequested(task) }
    await fixture.open(task)
    await eventually("completed") { fixture.completions(task) == [true] }
  },

  "a Python that cannot start fails the window, and the error has a fix": {
    let quick = service("Quick")
    let task = refresh(quick)
    setenv("SCENARIO_PYTHON_HOME", "/nowhere", 1)
    let fixture = Fixture([task])
    await fixture.launch()
    fixture.system.value.launch(task.identifier)
    await eventually("completed") { fixture.completions(task) == [false] }
    let started = await fixture.app.start(quick, .user)
    guard case .refused(let error) = started.run else { fail("it started") }
    expectEqual(error.code, .noRuntime)
    expect(!error.fix.isEmpty, "no fix")
  },
]
