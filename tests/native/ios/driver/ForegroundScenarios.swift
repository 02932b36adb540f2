@_spi(Simulator) import BackgroundTasks
import Foundation
@_spi(Simulator) import UIKit

@testable import BgsvcServices

/// The application; only the main actor may look it up.
func application() async -> Isolated<UIApplication> {
  await MainActor.run { Isolated(UIApplication.shared) }
}

let foregroundScenarios: [String: @Sendable () async -> Void] = [
  "a service started in the app runs until it is stopped": {
    let patient = service("Patient")
    let fixture = Fixture([], services: [patient])
    await fixture.launch()
    expectEqual((await fixture.app.state(of: patient)).state, "idle")
    let start = await fixture.app.start(patient, .user)
    expectEqual(start.run, .started(1))
    await eventually("waiting") { fixture.events.count("waiting", of: patient) == 1 }
    expectEqual((await fixture.app.state(of: patient)).state, "running")
    do { try await fixture.app.send(.object(["a": .array([.number(1)])]), to: patient) } catch {
      fail("\(error)")
    }
    await eventually("heard") { fixture.events.count("heard", of: patient) == 1 }
    expectEqual(
      fixture.events.last("heard", of: patient)?.data["data"], .object(["a": .array([.number(1)])]))
    do { try await fixture.app.stop(patient, reason: "userStop") } catch { fail("\(error)") }
    await eventually("stopped") { fixture.events.count("stopped", of: patient) == 1 }
    expectEqual(
      fixture.events.last("stopped", of: patient)?.data["reason"], .string("userStop"))
    expect(!(await fixture.app.state(of: patient)).isRunning, "still running")
  },

  "a second start of a running service joins its run": {
    let patient = service("Patient")
    let fixture = Fixture([], services: [patient])
    await fixture.launch()
    expectEqual((await fixture.app.start(patient, .user)).run, .started(1))
    expectEqual((await fixture.app.start(patient, .user)).run, .started(1))
    do { try await fixture.app.stop(patient, reason: "userStop") } catch { fail("\(error)") }
    await eventually("stopped") { fixture.events.count("stopped", of: patient) == 1 }
    expectEqual(fixture.events.count("started", of: patient), 1)
  },

  "a service of an app in the background stops before iOS suspends the app, then starts again": {
    let patient = service("Patient")
    let fixture = Fixture([], services: [patient])
    let application = await application()
    await fixture.launch()
    await Fixture.waitUntilAttached()
    _ = await fixture.app.start(patient, .user)
    await eventually("waiting") { fixture.events.count("waiting", of: patient) == 1 }
    application.value.enterBackground(remaining: 30)
    expectEqual(application.value.openBackgroundTasks, ["bgsvc.services"])
    fixture.clock.advance(by: 24)
    expectEqual(fixture.events.count("stopped", of: patient), 0)
    fixture.clock.advance(by: 1)
    await eventually("stopped") { fixture.events.count("stopped", of: patient) == 1 }
    await eventually("no background task open") { application.value.openBackgroundTasks.isEmpty }
    application.value.becomeActive()
    await eventually("again") { fixture.events.count("waiting", of: patient) == 2 }
    expectEqual(
      fixture.events.last("started", of: patient)?.data["reason"], .string("replay"))
  },

  "a service started in the background gets the background time that is left": {
    let patient = service("Patient")
    let fixture = Fixture([], services: [patient])
    let application = await application()
    await fixture.launch(seen: false)
    await Fixture.waitUntilAttached()
    application.value.enterBackground(remaining: 30)
    expectEqual(application.value.openBackgroundTasks, [])
    _ = await fixture.app.start(patient, .user)
    expectEqual(application.value.openBackgroundTasks, ["bgsvc.services"])
    await eventually("waiting") { fixture.events.count("waiting", of: patient) == 1 }
    fixture.clock.advance(by: 25)
    await eventually("stopped") { fixture.events.count("stopped", of: patient) == 1 }
    await eventually("no background task open") { application.value.openBackgroundTasks.isEmpty }
    application.value.becomeActive()
    await eventually("again") { fixture.events.count("waiting", of: patient) == 2 }
  },

  "a service goes on if the user returns before the background time is over": {
    let patient = service("Patient")
    let fixture = Fixture([], services: [patient])
    let application = await application()
    await fixture.launch()
    await Fixture.waitUntilAttached()
    _ = await fixture.app.start(patient, .user)
    await eventually("waiting") { fixture.events.count("waiting", of: patient) == 1 }
    application.value.enterBackground(remaining: 30)
    application.value.becomeActive()
    expectEqual(application.value.openBackgroundTasks, [])
    fixture.clock.advance(by: 60)
    do { try await fixture.app.send(.null, to: patient) } catch { fail("\(error)") }
    await eventually("heard") { fixture.events.count("heard", of: patient) == 1 }
    expectEqual(fixture.events.count("stopped", of: patient), 0)
  },

  "a stopped service does not start again when the app becomes active": {
    let patient = service("Patient")
    let fixture = Fixture([], services: [patient])
    let application = await application()
    await fixture.launch()
    _ = await fixture.app.start(patient, .user)
    do { try await fixture.app.stop(patient, reason: "userStop") } catch { fail("\(error)") }
    await eventually("stopped") { fixture.events.count("stopped", of: patient) == 1 }
    application.value.becomeActive()
    expect(!(await fixture.app.state(of: patient)).isRunning, "runs again")
  },

  "a finite task holds a background task until it is finished": {
    let finite = service("Finite")
    let fixture = Fixture([], services: [finite])
    let application = await application()
    await fixture.launch()
    await Fixture.waitUntilAttached()
    _ = await fixture.app.start(finite, .user)
    await eventually("uploading") { fixture.events.count("uploading", of: finite) == 1 }
    await eventually("held") { application.value.openBackgroundTasks.count == 1 }
    do { try await fixture.app.send(.null, to: finite) } catch { fail("\(error)") }
    await eventually("uploaded") { fixture.events.count("uploaded", of: finite) == 1 }
    await eventually("no background task open") { application.value.openBackgroundTasks.isEmpty }
    expectEqual(application.value.begunBackgroundTasks, 1)
  },

  "a finite task whose time is over receives its expiration, and its background task ends": {
    let finite = service("Finite")
    let fixture = Fixture([], services: [finite])
    let application = await application()
    await fixture.launch()
    await Fixture.waitUntilAttached()
    _ = await fixture.app.start(finite, .user)
    await eventually("held") { application.value.openBackgroundTasks.count == 1 }
    await MainActor.run { application.value.expireBackgroundTasks() }
    expectEqual(application.value.openBackgroundTasks, [])
    await eventually("expired") {
      fixture.events.recorded.contains { $0.name == "finite_task_expired" }
    }
    expectEqual(application.value.begunBackgroundTasks, 1)
  },

  "a background task that expires before iOS returns its identifier is ended": {
    let application = await application()
    application.value.takeTimeBackAtOnce()
    let time = BgsvcBackgroundTime()
    time.attach()
    await Fixture.waitUntilAttached()
    let expired = DispatchSemaphore(value: 0)
    expect(time.begin("upload") { expired.signal() }, "no time")
    expectEqual(expired.wait(timeout: .now()), .success)
    expectEqual(application.value.openBackgroundTasks, [])
    time.end("upload")
    expectEqual(application.value.begunBackgroundTasks, 1)
  },

  "a finite task without background time still finishes": {
    let finite = service("Finite")
    let fixture = Fixture([], services: [finite])
    let application = await application()
    application.value.refuseBackgroundTasks()
    await fixture.launch()
    await Fixture.waitUntilAttached()
    _ = await fixture.app.start(finite, .user)
    await eventually("uploading") { fixture.events.count("uploading", of: finite) == 1 }
    do { try await fixture.app.send(.null, to: finite) } catch { fail("\(error)") }
    await eventually("uploaded") { fixture.events.count("uploaded", of: finite) == 1 }
  },
]

extension Fixture {
  /// Returns when the app has looked up its `UIApplication` on the main thread.
  static func waitUntilAttached() async {
    await MainActor.run {}
    await MainActor.run {}
  }
}
