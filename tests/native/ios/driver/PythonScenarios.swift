@_spi(Simulator) import BackgroundTasks
@preconcurrency import BgsvcCPython
import Foundation
@_spi(Simulator) import UserNotifications

@testable import BgsvcServices

final class AppDelegate: NSObject, UNUserNotificationCenterDelegate {}

let pythonScenarios: [String: @Sendable () async -> Void] = [
  "a second Python thread works while the bridge waits for its next request": {
    let threaded = service("Threaded")
    let fixture = Fixture([], services: [threaded])
    await fixture.launch()
    _ = await fixture.app.start(threaded, .user)
    await eventually("ticks") { fixture.events.count("tick", of: threaded) >= 20 }
  },

  "a write to a closed pipe raises in Python, and does not end the app": {
    let pipe = service("Pipe")
    let fixture = Fixture([], services: [pipe])
    await fixture.launch()
    _ = await fixture.app.start(pipe, .user)
    await eventually("survived") { fixture.events.count("survived", of: pipe) == 1 }
    expectEqual(fixture.events.last("survived", of: pipe)?.data["ignored"], .bool(true))
  },

  "an interpreter that a host has started is used, not started again": {
    let quick = service("Quick")
    let fixture = Fixture([], services: [quick])
    do { try BgsvcInterpreter.ensureStarted(at: pythonLocation()) } catch { fail("\(error)") }
    let state = PyGILState_Ensure()
    PyRun_SimpleString("import sys; sys.the_host_was_here = True")
    PyGILState_Release(state)
    expectEqual((await fixture.app.start(quick, .user)).run, .started(1))
    await eventually("worked") { fixture.events.count("worked", of: quick) == 1 }
    let again = PyGILState_Ensure()
    expectEqual(PyRun_SimpleString("import sys; assert sys.the_host_was_here"), 0)
    PyGILState_Release(again)
  },

  "two apps in a process use the same interpreter": {
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

  "every golden message of the runtime parses": {
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

  "every enumeration of the bridge has Python's values": {
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

  "a value encoded to JSON and parsed again is the same": {
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

  "the first notification asks for permission, and its buttons reach the service": {
    let notify = service("Notify")
    let fixture = Fixture([], services: [notify])
    let center = Isolated(UNUserNotificationCenter.current())
    let own = UNNotificationCategory(
      identifier: "own", actions: [], intentIdentifiers: [], options: [])
    center.value.setNotificationCategories([own])
    await fixture.launch()
    expectEqual(center.value.timesAsked, 0)
    _ = await fixture.app.start(notify, .user)
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
    expect(!fixture.app.handleAction("pause", on: "the app's own", of: thread), "not handled")
    for action in [UNNotificationDefaultActionIdentifier, UNNotificationDismissActionIdentifier] {
      expect(fixture.app.handleAction(action, on: request.identifier, of: thread), "not handled")
    }
    expect(fixture.app.handleAction("pause", on: request.identifier, of: thread), "not passed on")
    await eventually("pressed") { fixture.events.count("pressed", of: notify) == 1 }
    expectEqual(fixture.events.last("pressed", of: notify)?.data["id"], .string("pause"))
    expectEqual(fixture.events.count("pressed", of: notify), 1)
    do { try await fixture.app.send(.null, to: notify) } catch { fail("\(error)") }
    await eventually("gone") { center.value.shown.isEmpty }
    expectEqual(center.value.timesAsked, 1)
  },

  "a button of an earlier launch's notification is handled, and does not start Python": {
    let fixture = Fixture([], services: [service("Notify")])
    await fixture.launch()
    expect(fixture.app.handleAction("pause", on: "bgsvc.notify-1", of: "notify"), "not handled")
    expect(!fixture.app.bridge.hasContactedPython, "Python was started")
  },

  "a user who denies notifications sees none, and is not asked again": {
    let center = Isolated(UNUserNotificationCenter.current())
    center.value.deny()
    let notify = service("Notify")
    let fixture = Fixture([], services: [notify])
    await fixture.launch()
    _ = await fixture.app.start(notify, .user)
    await eventually("asked") { center.value.timesAsked == 1 }
    do { try await fixture.app.stop(notify, reason: "userStop") } catch { fail("\(error)") }
    await eventually("stopped") { fixture.events.count("stopped", of: notify) == 1 }
    _ = await fixture.app.start(notify, .user)
    await eventually("shown again") { fixture.events.count("shown", of: notify) == 2 }
    expectEqual(center.value.timesAsked, 1)
    expectEqual(center.value.shown.count, 0)
  },
]

func vectors(_ name: String) -> BgsvcValue? {
  let folder = environment("SCENARIO_VECTORS") ?? ""
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
  /// Whether this matches a golden vector, in which `"<number>"` stands for any number.
  func matches(_ pattern: BgsvcValue) -> Bool {
    switch (pattern, self) {
    case (.string("<any>"), _), (.string("<string>"), .string), (.string("<number>"), .number),
      (.string("<object>"), .object), (.string("<array>"), .array):
      true
    case (.object(let expected), .object(let actual)):
      expected.allSatisfy { key, value in actual[key]?.matches(value) == true }
    case (.array(let expected), .array(let actual)):
      expected.count == actual.count && zip(expected, actual).allSatisfy { $1.matches($0) }
    default: self == pattern
    }
  }
}
