@_spi(Simulator) import BackgroundTasks
@preconcurrency import BgsvcCPython
import Foundation
@_spi(Simulator) import UserNotifications

@testable import BgsvcServices

final class AppDelegate: NSObject, UNUserNotificationCenterDelegate {}

let pythonScenarios: [String: @Sendable () async -> Void] = [
  "a second Python thread works while the bridge waits for its next request": {
    let threaded = service("Threaded")
    let trial = Trial([], services: [threaded])
    await trial.launch()
    _ = await trial.app.start(threaded, .user)
    await eventually("ticks") { trial.heard.count("tick", of: threaded) >= 20 }
  },

  "a write to a peer that hung up is an error in Python, and no end of the app": {
    let pipe = service("Pipe")
    let trial = Trial([], services: [pipe])
    await trial.launch()
    _ = await trial.app.start(pipe, .user)
    await eventually("survived") { trial.heard.count("survived", of: pipe) == 1 }
    expectEqual(trial.heard.last("survived", of: pipe)?.data["ignored"], .bool(true))
  },

  "an interpreter that a host has started is joined, not started again": {
    let quick = service("Quick")
    let trial = Trial([], services: [quick])
    let environment = ProcessInfo.processInfo.environment
    let location = BgsvcLocation(
      home: environment["TRIAL_PYTHON"] ?? "",
      searchPaths: (environment["TRIAL_PATHS"] ?? "").split(separator: ":").map(String.init))
    do { try BgsvcInterpreter.ensure(at: location) } catch { fail("\(error)") }
    let state = PyGILState_Ensure()
    PyRun_SimpleString("import sys; sys.the_host_was_here = True")
    PyGILState_Release(state)
    expectEqual((await trial.app.start(quick, .user)).run, .started(1))
    await eventually("worked") { trial.heard.count("worked", of: quick) == 1 }
    let again = PyGILState_Ensure()
    expectEqual(PyRun_SimpleString("import sys; assert sys.the_host_was_here"), 0)
    PyGILState_Release(again)
  },

  "every app of a process speaks to the one interpreter": {
    let first = BgsvcPython(location: pythonLocation())
    let second = BgsvcPython(location: pythonLocation())
    let request = #"{"v":1,"id":"1","type":"state"}"#
    async let one = Task.detached { try first.receive(request) }.value
    async let two = Task.detached { try second.receive(request) }.value
    do {
      let replies = try await [one, two]
      expect(replies.allSatisfy { $0.contains(#""ok":true"#) }, "\(replies)")
    } catch { fail("\(error)") }
  },

  "every golden message of the runtime is understood": {
    guard case .array(let vectors)? = vectors("messages.json") else { fail("no vectors") }
    expect(vectors.count >= 16, "only \(vectors.count) vectors")
    for vector in vectors {
      let name = vector["name"]?.string ?? ""
      guard let fields = vector["message"], let message = BgsvcMessage(fields.json) else {
        fail("not understood: \(name)")
      }
      expectEqual(BgsvcValue(json: fields.json), fields)
      check(message, fields, name)
    }
  },

  "every golden request gets its golden reply": {
    guard case .array(let vectors)? = vectors("requests.json") else { fail("no vectors") }
    let python = BgsvcPython(location: pythonLocation())
    for vector in vectors {
      guard var request = vector["message"] else { continue }
      if request["dataDir"] != nil, case .object(var fields) = request {
        fields["dataDir"] = .string(NSTemporaryDirectory() + UUID().uuidString)
        request = .object(fields)
      }
      let text = try? python.receive(request.json)
      guard let reply = text.flatMap(BgsvcValue.init(json:)) else { fail("no reply") }
      expectEqual(reply["id"], request["id"])
      if let code = vector["error"] {
        expectEqual(reply["error"]?["code"], code)
      } else if let expected = vector["result"], let result = reply["result"] {
        expect(result.matches(expected), "\(vector["name"]?.string ?? ""): \(result.json)")
      } else {
        fail("\(vector["name"]?.string ?? ""): \(reply.json)")
      }
    }
  },

  "every word of the bridge is the one that Python has": {
    guard let words = vectors("words.json") else { fail("no words") }
    func list(_ name: String) -> Set<String> {
      Set((words[name]?.array ?? []).compactMap(\.string))
    }
    guard case .object(let reasons)? = words["stopReasons"] else { fail("no stop reasons") }
    expectEqual(Set(reasons.keys), Set(BgsvcStopReason.allCases.map(\.rawValue)))
    for reason in BgsvcStopReason.allCases {
      expectEqual(
        reasons[reason.rawValue]?["clearsDesiredState"], .bool(reason.clearsDesiredState))
    }
    let starts = Set(BgsvcBridge.StartReason.allCases.map(\.rawValue))
    expect(starts.isSubset(of: list("startReasons")), "\(starts)")
    let states = list("serviceStates").map { state in
      BgsvcState(.object(["state": .string(state)]), "any")
    }
    expectEqual(
      Set(states.filter(\.isRunning).map(\.state)), ["initializing", "running", "stopping"])
    expectEqual(list("appStates"), ["active", "background"])
    expect(list("events").isSuperset(of: ["stopped", "finite_task_expired"]), "events")
    expect(list("errorCodes").isSuperset(of: ["alreadyRunning", "unknownService"]), "codes")
  },

  "JSON comes back as it went": {
    let texts = ["", "\"\\/\u{8}\u{1f}\u{7f}", "né 🐍 \u{2028} \u{feff}", "\\u0041", "a\u{0}b"]
    for text in texts {
      let value = BgsvcValue.object([text: .array([.string(text), .number(-0.5), .number(1e300)])])
      expectEqual(BgsvcValue(json: value.json), value)
    }
    expectEqual(BgsvcValue.number(.infinity).json, "null")
    expectEqual(BgsvcValue(json: "{"), nil)
    expectEqual(BgsvcMessage(#"{"v":1,"type":"teleport"}"#), nil)
    expectEqual(BgsvcMessage(#"{"v":2,"type":"event","service":"a","event":"b"}"#), nil)
  },

  "leave to notify is asked for with the first notification, and buttons reach the service": {
    let notify = service("Notify")
    let trial = Trial([], services: [notify])
    let center = Isolated(UNUserNotificationCenter.current())
    let own = UNNotificationCategory(
      identifier: "own", actions: [], intentIdentifiers: [], options: [])
    center.value.setNotificationCategories([own])
    await trial.launch()
    expectEqual(center.value.timesAsked, 0)
    _ = await trial.app.start(notify, .user)
    await eventually("shown") { center.value.shown.count == 1 }
    let request = center.value.shown[0]
    expectEqual(center.value.timesAsked, 1)
    expectEqual(center.value.timesDelegateSet, 0)
    expectEqual([request.content.title, request.content.body], ["Notes", "Syncing"])
    expect(center.value.categories.contains(own), "the app's own category is gone")
    expect(
      center.value.categories.contains { $0.identifier == request.content.categoryIdentifier },
      "no buttons")
    let thread = request.content.threadIdentifier
    expect(!trial.app.act(on: "the app's own", of: thread, "pause"), "not ours")
    for action in [UNNotificationDefaultActionIdentifier, UNNotificationDismissActionIdentifier] {
      expect(trial.app.act(on: request.identifier, of: thread, action), "not ours")
    }
    expect(trial.app.act(on: request.identifier, of: thread, "pause"), "not passed on")
    await eventually("pressed") { trial.heard.count("pressed", of: notify) == 1 }
    expectEqual(trial.heard.last("pressed", of: notify)?.data["id"], .string("pause"))
    expectEqual(trial.heard.count("pressed", of: notify), 1)
    do { try await trial.app.send(.null, to: notify) } catch { fail("\(error)") }
    await eventually("gone") { center.value.shown.isEmpty }
    expectEqual(center.value.timesAsked, 1)
  },

  "a button of an earlier launch is ours, and starts nothing": {
    let trial = Trial([], services: [service("Notify")])
    await trial.launch()
    expect(trial.app.act(on: "bgsvc.notify-1", of: "notify", "pause"), "not ours")
    expect(!trial.app.bridge.isUsed, "Python was started for nothing")
  },

  "a user who says no sees nothing, and is not asked again": {
    let center = Isolated(UNUserNotificationCenter.current())
    center.value.deny()
    let notify = service("Notify")
    let trial = Trial([], services: [notify])
    await trial.launch()
    _ = await trial.app.start(notify, .user)
    await eventually("asked") { center.value.timesAsked == 1 }
    do { try await trial.app.stop(notify, reason: "userStop") } catch { fail("\(error)") }
    await eventually("stopped") { trial.heard.count("stopped", of: notify) == 1 }
    _ = await trial.app.start(notify, .user)
    await eventually("shown again") { trial.heard.count("shown", of: notify) == 2 }
    expectEqual(center.value.timesAsked, 1)
    expectEqual(center.value.shown.count, 0)
  },
]

func pythonLocation() -> BgsvcLocation {
  let environment = ProcessInfo.processInfo.environment
  return BgsvcLocation(
    home: environment["TRIAL_PYTHON"] ?? "",
    searchPaths: (environment["TRIAL_PATHS"] ?? "").split(separator: ":").map(String.init))
}

func vectors(_ name: String) -> BgsvcValue? {
  let folder = ProcessInfo.processInfo.environment["TRIAL_VECTORS"] ?? ""
  guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else { return nil }
  return BgsvcValue(json: String(decoding: data, as: UTF8.self))
}

func check(_ message: BgsvcMessage, _ fields: BgsvcValue, _ name: String) {
  switch message {
  case .event(let event):
    expectEqual(event.name, fields["event"]?.string)
    expectEqual(event.service, fields["service"]?.string)
    expectEqual(Double(event.run), fields["run"]?.number)
    expectEqual(Double(event.sequence), fields["seq"]?.number)
    expectEqual(event.time.timeIntervalSince1970, fields["time"]?.number)
    expectEqual(event.data, fields["data"])
  case .notification(let notification):
    expectEqual(notification.operation.rawValue, fields["op"]?.string)
    expectEqual(notification.key, fields["key"]?.string)
    expectEqual(notification.title, fields["title"]?.string ?? "")
    expectEqual(notification.body, fields["body"]?.string ?? "")
    expectEqual(
      notification.actions.map(\.id), fields["actions"]?.array?.map { $0["id"]?.string ?? "" } ?? []
    )
  case .finiteTask(let id, let title, let isOpen):
    expectEqual(id, fields["task"]?.string)
    expectEqual(title, fields["name"]?.string)
    expectEqual(isOpen, fields["op"]?.string == "begin")
  case .desiredState(let service, let running):
    expectEqual(service, fields["service"]?.string)
    expectEqual(running, fields["running"]?.bool)
  }
}

extension BgsvcValue {
  /// Whether this is what a golden vector asks for: `"<number>"` there stands for any number.
  func matches(_ pattern: BgsvcValue) -> Bool {
    switch (pattern, self) {
    case (.string("<any>"), _), (.string("<string>"), .string), (.string("<number>"), .number),
      (.string("<object>"), .object), (.string("<array>"), .array):
      true
    case (.object(let expected), .object(let found)):
      expected.allSatisfy { key, value in found[key]?.matches(value) == true }
    case (.array(let expected), .array(let found)):
      expected.count == found.count && zip(expected, found).allSatisfy { $1.matches($0) }
    default: self == pattern
    }
  }
}
