@_spi(Simulator) import BackgroundTasks
import Foundation

@testable import BgsvcServices

let windowScenarios: [String: @Sendable () async -> Void] = [
  "a refresh runs its service, is asked for again, and is completed once": {
    let quick = service("Quick")
    let task = refresh(quick)
    let trial = Trial([task])
    await trial.launch()
    let begin = trial.system.value.request(task.identifier)?.earliestBeginDate
    expectEqual(begin, trial.clock.now.addingTimeInterval(900))
    trial.clock.advance(by: 901)
    expect(trial.system.value.launch(task.identifier), "not asked for")
    await eventually("completed") { trial.completions(task) == [true] }
    await eventually("worked") {
      trial.heard.last("worked", of: quick)?.data["reason"] == .string("task")
    }
    expect(trial.isAskedFor(task), "not asked for again")
    expectEqual(
      trial.system.value.request(task.identifier)?.earliestBeginDate,
      trial.clock.now.addingTimeInterval(900))
    expectEqual(trial.app.ledger.history.map(\.ending), ["completed"])
  },

  "a service in a refresh knows how much time is left": {
    let quick = service("Quick")
    let task = refresh(quick)
    let trial = Trial([task])
    await trial.launch()
    trial.system.value.launch(task.identifier)
    await eventually("worked") { trial.heard.count("worked", of: quick) == 1 }
    let remaining = trial.heard.last("worked", of: quick)?.data["remaining"]?.number ?? 0
    expect(remaining > 5 && remaining <= 25, "remaining \(remaining)")
  },

  "the next window is asked for before Python is": {
    let task = refresh(service("Quick"))
    let trial = Trial([task])
    await trial.launch()
    let bridge = trial.app.bridge
    trial.system.value.watch {
      if bridge.isUsed { fail("Python was asked first") }
    }
    trial.system.value.launch(task.identifier)
    await eventually("completed") { trial.completions(task) == [true] }
    expect(trial.isAskedFor(task), "not asked for again")
  },

  "an expired window stops its service and is completed as failed, once": {
    let patient = service("Patient")
    let task = refresh(patient)
    let trial = Trial([task])
    await trial.launch()
    trial.system.value.launch(task.identifier)
    await eventually("waiting") { trial.heard.count("waiting", of: patient) == 1 }
    expect(trial.system.value.expire(task.identifier), "no handler")
    await eventually("stopped") { trial.heard.count("stopped", of: patient) == 1 }
    await eventually("completed") { trial.completions(task) == [false] }
    expectEqual(
      trial.heard.last("stopped", of: patient)?.data["reason"], .string("platformExpiration"))
    expect(trial.heard.last("asked_to_stop", of: patient) != nil, "shut down without a word")
    trial.clock.advance(by: 60)
    await eventually("noted") { trial.app.ledger.history.map(\.ending) == ["expired"] }
    expectEqual(trial.completions(task), [false])
  },

  "a service that ignores expiration is left behind after the grace": {
    let stubborn = service("Stubborn")
    let task = processing(stubborn)
    let trial = Trial([task])
    await trial.launch()
    trial.system.value.launch(task.identifier)
    await eventually("waiting") { trial.heard.count("waiting", of: stubborn) == 1 }
    trial.system.value.expire(task.identifier)
    await eventually("ignoring") { trial.heard.count("ignoring", of: stubborn) == 1 }
    expectEqual(trial.completions(task), [])
    trial.clock.advance(by: 3)
    await eventually("completed") { trial.completions(task) == [false] }
    await eventually("stopped at last") { trial.heard.count("stopped", of: stubborn) == 1 }
    expectEqual(trial.completions(task), [false])
    expectEqual(trial.app.ledger.history.map(\.ending), ["overrun"])
  },

  "a Python that lets nobody else work keeps no window open": {
    let hung = service("Hung")
    let quick = service("Quick")
    let task = refresh(hung)
    let other = processing(quick)
    var there: [Int32] = [0, 0]
    var back: [Int32] = [0, 0]
    expectEqual([pipe(&there), pipe(&back)], [0, 0])
    setenv("TRIAL_PIPES", "\(there[0]) \(back[1])", 1)
    let trial = Trial([task, other])
    await trial.launch()
    trial.system.value.launch(task.identifier)
    var byte: UInt8 = 0
    expectEqual(read(back[0], &byte, 1), 1)
    trial.clock.advance(by: 25)
    expectEqual(trial.completions(task), [])
    await trial.open(other)
    trial.system.value.expire(other.identifier)
    await eventually("both completed") {
      trial.clock.advance(by: 3)
      return trial.completions(task) == [false] && trial.completions(other) == [false]
    }
    expectEqual(write(there[1], "x", 1), 1)
    await eventually("stopped") { trial.heard.count("stopped", of: hung) == 1 }
    expectEqual((await trial.app.state(of: quick)).run, 0)
    expectEqual(trial.completions(task) + trial.completions(other), [false, false])
  },

  "windows that end at the same moment are all remembered": {
    let ledger = Trial([]).ledger
    let now = Date()
    DispatchQueue.concurrentPerform(iterations: 40) { number in
      let outcome: BgsvcWindow.Outcome = number % 2 == 0 ? .expired : .failed
      ledger.close(
        BgsvcPastWindow(identifier: "\(number)", opened: now, closed: now, outcome: outcome))
    }
    expectEqual(ledger.history.count, 40)
    let endings = Set(ledger.history.map { "\($0.identifier) \($0.ending)" })
    expectEqual(endings.count, 40)
  },

  "a refresh is ended here before iOS would end the app": {
    let patient = service("Patient")
    let task = refresh(patient)
    let trial = Trial([task])
    await trial.launch()
    trial.system.value.launch(task.identifier)
    await eventually("waiting") { trial.heard.count("waiting", of: patient) == 1 }
    trial.clock.advance(by: 25)
    await eventually("completed") { trial.completions(task) == [false] }
  },

  "processing tells iOS what it waits for, and has no limit": {
    let quick = service("Quick")
    let task = processing(quick, network: true, power: true)
    let trial = Trial([task])
    await trial.launch()
    let request = trial.system.value.request(task.identifier) as? BGProcessingTaskRequest
    expect(request?.requiresNetworkConnectivity == true, "no network")
    expect(request?.requiresExternalPower == true, "no power")
    trial.system.value.launch(task.identifier)
    await eventually("completed") { trial.completions(task) == [true] }
    await eventually("worked") { trial.heard.count("worked", of: quick) == 1 }
    expectEqual(trial.heard.last("worked", of: quick)?.data["remaining"], .null)
  },

  "a task for health research is one": {
    let quick = service("Quick")
    let task = BgsvcTask(
      identifier: "\(Trial.id).study", kind: .healthResearch(network: false, power: true),
      runs: [BgsvcTask.Run(service: quick, earliest: 1)])
    let trial = Trial([task])
    await trial.launch()
    expect(
      trial.system.value.request(task.identifier) is BGHealthResearchTaskRequest, "another kind")
    trial.system.value.launch(task.identifier)
    await eventually("completed") { trial.completions(task) == [true] }
  },

  "an exception in Python fails the window, and the app hears of it": {
    let crash = service("Crash")
    let task = refresh(crash)
    let trial = Trial([task])
    await trial.launch()
    trial.system.value.launch(task.identifier)
    await eventually("completed") { trial.completions(task) == [false] }
    await eventually("stopped") { trial.heard.count("stopped", of: crash) == 1 }
    expectEqual(trial.heard.count("error", of: crash), 1)
    let message = trial.heard.last("error", of: crash)?.data["message"]?.string ?? ""
    expect(message.contains("no more of crash"), message)
    expectEqual(trial.app.ledger.history.map(\.ending), ["failed"])
  },

  "all refreshes share a window, and it ends with the last of them": {
    let quick = service("Quick")
    let patient = service("Patient")
    let task = refresh(quick, patient)
    let trial = Trial([task])
    await trial.launch()
    trial.clock.advance(by: 901)
    trial.system.value.launch(task.identifier)
    await eventually("both") {
      trial.heard.count("stopped", of: quick) == 1 && trial.heard.count("waiting", of: patient) == 1
    }
    expectEqual(trial.completions(task), [])
    trial.system.value.expire(task.identifier)
    await eventually("completed") { trial.completions(task) == [false] }
  },

  "a second window joins the run that is under way": {
    let patient = service("Patient")
    let first = refresh(patient)
    let second = processing(patient)
    let trial = Trial([first, second])
    await trial.launch()
    trial.system.value.launch(first.identifier)
    await eventually("waiting") { trial.heard.count("waiting", of: patient) == 1 }
    await trial.open(second)
    trial.system.value.expire(second.identifier)
    await eventually("both completed") {
      trial.completions(first) == [false] && trial.completions(second) == [false]
    }
    expectEqual(trial.heard.count("started", of: patient), 1)
  },

  "a task that keeps expiring is asked for later and later, until it completes": {
    let patient = service("Patient")
    let task = refresh(patient, earliest: 600)
    let trial = Trial([task])
    await trial.launch()
    for (index, delay) in [1200.0, 2400.0, 4800.0].enumerated() {
      await trial.open(task)
      let opened = trial.clock.now
      await eventually("runs") { trial.heard.count("waiting", of: patient) == index + 1 }
      trial.system.value.expire(task.identifier)
      await eventually("asked for later") {
        trial.system.value.request(task.identifier)?.earliestBeginDate
          == opened.addingTimeInterval(delay)
      }
      await eventually("stopped") { trial.heard.count("stopped", of: patient) == index + 1 }
      trial.clock.advance(by: delay)
    }
    trial.system.value.launch(task.identifier)
    await eventually("runs") { trial.heard.count("waiting", of: patient) == 4 }
    try? await trial.app.stop(patient, reason: "appStop")
    await eventually("completed") { trial.completions(task).last == true }
    _ = await trial.app.start(patient, .user)
    expectEqual(
      trial.ledger.due(task.runs[0], of: task, now: trial.clock.now),
      trial.clock.now.addingTimeInterval(600))
  },

  "an app that iOS launches for a task runs it with no one to see it": {
    let quick = service("Quick")
    let task = processing(quick)
    let trial = Trial([task])
    // What an earlier process asked for is all there is; no scene, no view, no start by the app.
    await trial.launch(seen: false)
    expect(!trial.app.bridge.isUsed, "Python was started for nothing")
    trial.system.value.launch(task.identifier)
    await eventually("completed") { trial.completions(task) == [true] }
  },

  "a window is granted to an app that registers on its main actor": {
    let task = refresh(service("Quick"))
    let trial = Trial([task])
    let errors = await MainActor.run { trial.app.register() }
    expectEqual(errors, [])
    await eventually("asked for") { trial.isAskedFor(task) }
    await trial.open(task)
    await eventually("completed") { trial.completions(task) == [true] }
  },

  "a Python that cannot start fails the window and says what to do": {
    let quick = service("Quick")
    let task = refresh(quick)
    setenv("TRIAL_PYTHON", "/nowhere", 1)
    let trial = Trial([task])
    await trial.launch()
    trial.system.value.launch(task.identifier)
    await eventually("completed") { trial.completions(task) == [false] }
    let started = await trial.app.start(quick, .user)
    guard case .refused(let error) = started.run else { fail("it started") }
    expectEqual(error.code, .noRuntime)
    expect(!error.fix.isEmpty, "no way out")
  },
]
