@_spi(Simulator) import BackgroundTasks
import Foundation
@_spi(Simulator) import UIKit

@testable import BgsvcServices

let requestScenarios: [String: @Sendable () async -> Void] = [
  "every refusal of iOS has its own code, and a fix": {
    let quick = service("Quick")
    let task = processing(quick)
    let fixture = Fixture([task])
    await fixture.launch()
    let codes: [(BGTaskScheduler.Error.Code, BgsvcError.Code)] = [
      (.unavailable, .unavailable),
      (.tooManyPendingTaskRequests, .tooManyPendingTaskRequests),
      (.notPermitted, .notPermitted),
      (.immediateRunIneligible, .immediateRunIneligible),
    ]
    for (refusal, code) in codes {
      fixture.system.value.refuse(with: refusal)
      let requests = (await fixture.app.start(quick, .user)).requests
      expectEqual(requests.map(\.identifier), [task.identifier])
      expectEqual(requests.map(\.error?.code), [code])
      expect(requests.allSatisfy { $0.error?.fix.isEmpty == false }, "no fix")
      await eventually("run over") { fixture.events.count("stopped", of: quick) > 0 }
    }
    fixture.system.value.refuse(with: nil)
    expect((await fixture.app.start(quick, .user)).requests.allSatisfy(\.isAccepted), "refused")
  },

  "an identifier missing in the Info.plist is reported, and the others work": {
    let listed = processing(service("Quick"))
    let unlisted = processing(service("Patient"))
    let fixture = Fixture([listed, unlisted], permitted: [listed.identifier])
    let errors = await fixture.launch()
    expectEqual(errors.map(\.code), [.notInInfoPlist])
    expect(errors[0].message.contains(unlisted.identifier), errors[0].message)
    let start = await fixture.app.start(unlisted.runs[0].service, .user)
    expectEqual(start.requests.map(\.error?.code), [.notInInfoPlist])
    fixture.system.value.launch(listed.identifier)
    await eventually("completed") { fixture.completions(listed) == [true] }
  },

  "a second registration does nothing": {
    let patient = service("Patient")
    let fixture = Fixture([refresh(patient)])
    let application = await application()
    await fixture.launch()
    expectEqual(fixture.app.register(), [])
    await Fixture.waitUntilAttached()
    _ = await fixture.app.start(patient, .user)
    application.value.enterBackground(remaining: 30)
    expectEqual(application.value.begunBackgroundTasks, 1)
  },

  "a start before the registration is refused as not registered": {
    let quick = service("Quick")
    let fixture = Fixture([refresh(quick)])
    let start = await fixture.app.start(quick, .user)
    expectEqual(start.requests.map(\.error?.code), [.notRegistered])
  },

  "a request uses the submission call of its iOS version": {
    let fixture = Fixture([refresh(service("Quick"))])
    await fixture.launch()
    #if BGSVC_SDK_27
      expectEqual(fixture.system.value.callsUsed, ["submitTaskRequest"])
    #else
      expectEqual(fixture.system.value.callsUsed, ["submit"])
    #endif
  },

  "an app that is opened often keeps the date of its next window": {
    let task = refresh(service("Quick"))
    let fixture = Fixture([task])
    await fixture.launch()
    let begin = fixture.system.value.request(task.identifier)?.earliestBeginDate
    fixture.clock.advance(by: 600)
    _ = await fixture.app.start(task.runs[0].service, .user)
    expectEqual(fixture.system.value.request(task.identifier)?.earliestBeginDate, begin)
  },

  "a stopped service gets no more requests until it is started again": {
    let quick = service("Quick")
    let other = service("Patient")
    let task = processing(quick)
    let shared = refresh(quick, other)
    let fixture = Fixture([task, shared])
    await fixture.launch()
    do { try await fixture.app.stop(quick, reason: "userStop") } catch { fail("\(error)") }
    expect(!fixture.isRequested(task), "still requested")
    expect(fixture.isRequested(shared), "another service's request was cancelled")
    expectEqual(fixture.windowHistory.desiredRunning(quick.name), false)
    expectEqual((await fixture.app.state(of: quick)).desiredRunning, false)
    expect((await fixture.app.start(quick, .user)).requests.count == 2, "not requested again")
    expectEqual(fixture.windowHistory.desiredRunning(quick.name), true)
  },

  "continued work shows the progress that Python emits": {
    let steps = service("Steps")
    let task = continued(steps)
    let fixture = Fixture([task], permitted: ["\(Fixture.id).\(steps.name).*"])
    expectEqual(await fixture.launch(), [])
    let start = await fixture.app.start(steps, .user)
    expectEqual(start.run, .granted)
    let request =
      fixture.system.value.request(task.identifier) as? BGContinuedProcessingTaskRequest
    expectEqual(request?.strategy, .queue)
    expectEqual(request?.title, "Working")
    fixture.system.value.launch(task.identifier)
    await eventually("progress") {
      let granted = fixture.system.value.granted.first as? BGContinuedProcessingTask
      return granted?.progress.fractionCompleted == 0.25 && granted?.subtitle == "one of four"
    }
    let granted = fixture.system.value.granted.first as? BGContinuedProcessingTask
    expectEqual(granted?.title, "Working")
    do { try await fixture.app.stop(steps, reason: "userStop") } catch { fail("\(error)") }
    await eventually("completed") { fixture.completions(task) == [true] }
  },

  "continued work that may not wait runs in the foreground if iOS refuses it": {
    let patient = service("Patient")
    let task = continued(patient, mayQueue: false, gpu: true)
    let fixture = Fixture([task])
    await fixture.launch()
    fixture.system.value.refuse(with: .immediateRunIneligible)
    let start = await fixture.app.start(patient, .user)
    expectEqual(start.requests.map(\.error?.code), [.immediateRunIneligible])
    guard case .started = start.run else { fail("\(start.run)") }
    fixture.system.value.refuse(with: nil)
    fixture.system.value.supportGPU()
    _ = await fixture.app.start(patient, .user)
    let request =
      fixture.system.value.request(task.identifier) as? BGContinuedProcessingTaskRequest
    expectEqual(request?.strategy, .fail)
    expectEqual(request?.requiredResources, .gpu)
  },

  "continued work that the user cancels stops its service": {
    let patient = service("Patient")
    let task = continued(patient)
    let fixture = Fixture([task])
    await fixture.launch()
    _ = await fixture.app.start(patient, .user)
    fixture.system.value.launch(task.identifier)
    await eventually("waiting") { fixture.events.count("waiting", of: patient) == 1 }
    fixture.system.value.expire(task.identifier)
    await eventually("completed") { fixture.completions(task) == [false] }
    expect(!fixture.isRequested(task), "requested again without the user")
  },

  "the capabilities follow the device's settings": {
    await MainActor.run {
      let usual = Bgsvc.capabilities
      expectEqual(usual.backgroundRefresh, .available)
      expect(!usual.isLowPowerModeEnabled, "low power")
      UIApplication.shared.set(refreshStatus: .denied)
      ProcessInfo.processInfo.set(isLowPowerModeEnabled: true)
      expectEqual(Bgsvc.capabilities.backgroundRefresh, .denied)
      expect(Bgsvc.capabilities.isLowPowerModeEnabled, "no low power")
    }
  },
]
