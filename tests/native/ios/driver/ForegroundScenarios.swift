@_spi(Simulator) import BackgroundTasks
import Foundation
@_spi(Simulator) import UIKit

@testable import BgsvcServices

/// The application, looked up where that is allowed.
func application() async -> Isolated<UIApplication> {
  await MainActor.run { Isolated(UIApplication.shared) }
}

let foregroundScenarios: [String: @Sendable () async -> Void] = [
  "a service runs while the app is in use, until it is stopped": {
    let patient = service("Patient")
    let trial = Trial([], services: [patient])
    await trial.launch()
    expectEqual((await trial.app.state(of: patient)).state, "idle")
    let start = await trial.app.start(patient, .user)
    expectEqual(start.run, .started(1))
    await eventually("waiting") { trial.heard.count("waiting", of: patient) == 1 }
    expectEqual((await trial.app.state(of: patient)).state, "running")
    do { try await trial.app.send(.object(["a": .array([.number(1)])]), to: patient) } catch {
      fail("\(error)")
    }
    await eventually("heard") { trial.heard.count("heard", of: patient) == 1 }
    expectEqual(
      trial.heard.last("heard", of: patient)?.data["data"], .object(["a": .array([.number(1)])]))
    do { try await trial.app.stop(patient, reason: "userStop") } catch { fail("\(error)") }
    await eventually("stopped") { trial.heard.count("stopped", of: patient) == 1 }
    expectEqual(
      trial.heard.last("stopped", of: patient)?.data["reason"], .string("userStop"))
    expect(!(await trial.app.state(of: patient)).isRunning, "still running")
  },

  "a service that runs already is not started twice": {
    let patient = service("Patient")
    let trial = Trial([], services: [patient])
    await trial.launch()
    expectEqual((await trial.app.start(patient, .user)).run, .started(1))
    expectEqual((await trial.app.start(patient, .user)).run, .started(1))
    do { try await trial.app.stop(patient, reason: "userStop") } catch { fail("\(error)") }
    await eventually("stopped") { trial.heard.count("stopped", of: patient) == 1 }
    expectEqual(trial.heard.count("started", of: patient), 1)
  },

  "a service is told to stop before iOS suspends the app, and runs again when it is back": {
    let patient = service("Patient")
    let trial = Trial([], services: [patient])
    let application = await application()
    await trial.launch()
    await Trial.attached()
    _ = await trial.app.start(patient, .user)
    await eventually("waiting") { trial.heard.count("waiting", of: patient) == 1 }
    application.value.enterBackground(remaining: 30)
    expectEqual(application.value.openBackgroundTasks, ["bgsvc.services"])
    trial.clock.advance(by: 24)
    expectEqual(trial.heard.count("stopped", of: patient), 0)
    trial.clock.advance(by: 1)
    await eventually("stopped") { trial.heard.count("stopped", of: patient) == 1 }
    await eventually("balanced") { application.value.openBackgroundTasks.isEmpty }
    application.value.becomeActive()
    await eventually("again") { trial.heard.count("waiting", of: patient) == 2 }
    expectEqual(
      trial.heard.last("started", of: patient)?.data["reason"], .string("replay"))
  },

  "a service that is started in the background has what time there is": {
    let patient = service("Patient")
    let trial = Trial([], services: [patient])
    let application = await application()
    await trial.launch(seen: false)
    await Trial.attached()
    application.value.enterBackground(remaining: 30)
    expectEqual(application.value.openBackgroundTasks, [])
    _ = await trial.app.start(patient, .user)
    expectEqual(application.value.openBackgroundTasks, ["bgsvc.services"])
    await eventually("waiting") { trial.heard.count("waiting", of: patient) == 1 }
    trial.clock.advance(by: 25)
    await eventually("stopped") { trial.heard.count("stopped", of: patient) == 1 }
    await eventually("balanced") { application.value.openBackgroundTasks.isEmpty }
    application.value.becomeActive()
    await eventually("again") { trial.heard.count("waiting", of: patient) == 2 }
  },

  "a service goes on if the user is back in time": {
    let patient = service("Patient")
    let trial = Trial([], services: [patient])
    let application = await application()
    await trial.launch()
    await Trial.attached()
    _ = await trial.app.start(patient, .user)
    await eventually("waiting") { trial.heard.count("waiting", of: patient) == 1 }
    application.value.enterBackground(remaining: 30)
    application.value.becomeActive()
    expectEqual(application.value.openBackgroundTasks, [])
    trial.clock.advance(by: 60)
    do { try await trial.app.send(.null, to: patient) } catch { fail("\(error)") }
    await eventually("heard") { trial.heard.count("heard", of: patient) == 1 }
    expectEqual(trial.heard.count("stopped", of: patient), 0)
  },

  "what the user stopped does not start again when the app is back": {
    let patient = service("Patient")
    let trial = Trial([], services: [patient])
    let application = await application()
    await trial.launch()
    _ = await trial.app.start(patient, .user)
    do { try await trial.app.stop(patient, reason: "userStop") } catch { fail("\(error)") }
    await eventually("stopped") { trial.heard.count("stopped", of: patient) == 1 }
    application.value.becomeActive()
    expect(!(await trial.app.state(of: patient)).isRunning, "runs again")
  },

  "a finite task holds the app, and gives it back when it is finished": {
    let finite = service("Finite")
    let trial = Trial([], services: [finite])
    let application = await application()
    await trial.launch()
    await Trial.attached()
    _ = await trial.app.start(finite, .user)
    await eventually("uploading") { trial.heard.count("uploading", of: finite) == 1 }
    await eventually("held") { application.value.openBackgroundTasks.count == 1 }
    do { try await trial.app.send(.null, to: finite) } catch { fail("\(error)") }
    await eventually("uploaded") { trial.heard.count("uploaded", of: finite) == 1 }
    await eventually("balanced") { application.value.openBackgroundTasks.isEmpty }
    expectEqual(application.value.begunBackgroundTasks, 1)
  },

  "a finite task whose time is up is told, and given back at once": {
    let finite = service("Finite")
    let trial = Trial([], services: [finite])
    let application = await application()
    await trial.launch()
    await Trial.attached()
    _ = await trial.app.start(finite, .user)
    await eventually("held") { application.value.openBackgroundTasks.count == 1 }
    await MainActor.run { application.value.expireBackgroundTasks() }
    expectEqual(application.value.openBackgroundTasks, [])
    await eventually("told") {
      trial.heard.events.contains { $0.name == "finite_task_expired" }
    }
    expectEqual(application.value.begunBackgroundTasks, 1)
  },

  "time that iOS wants back before it is named is given back": {
    let application = await application()
    application.value.takeTimeBackAtOnce()
    let time = BgsvcBackgroundTime()
    time.attach()
    await Trial.attached()
    let told = DispatchSemaphore(value: 0)
    expect(time.begin("upload") { told.signal() }, "no time")
    expectEqual(told.wait(timeout: .now()), .success)
    expectEqual(application.value.openBackgroundTasks, [])
    time.end("upload")
    expectEqual(application.value.begunBackgroundTasks, 1)
  },

  "a finite task that iOS gives no time for does no harm": {
    let finite = service("Finite")
    let trial = Trial([], services: [finite])
    let application = await application()
    application.value.refuseBackgroundTasks()
    await trial.launch()
    await Trial.attached()
    _ = await trial.app.start(finite, .user)
    await eventually("uploading") { trial.heard.count("uploading", of: finite) == 1 }
    do { try await trial.app.send(.null, to: finite) } catch { fail("\(error)") }
    await eventually("uploaded") { trial.heard.count("uploaded", of: finite) == 1 }
  },
]

extension Trial {
  /// Returns when the app has found its `UIApplication`, which takes the main thread a moment.
  static func attached() async {
    await MainActor.run {}
    await MainActor.run {}
  }
}
