@_spi(Simulator) import BackgroundTasks
import Foundation
@_spi(Simulator) import UIKit

@testable import BgsvcServices

let requestScenarios: [String: @Sendable () async -> Void] = [
  "every refusal of iOS has a code of its own, and a way out": {
    let quick = service("Quick")
    let task = processing(quick)
    let trial = Trial([task])
    await trial.launch()
    let codes: [(BGTaskScheduler.Error.Code, BgsvcError.Code)] = [
      (.unavailable, .unavailable),
      (.tooManyPendingTaskRequests, .tooManyPendingTaskRequests),
      (.notPermitted, .notPermitted),
      (.immediateRunIneligible, .immediateRunIneligible),
    ]
    for (refusal, code) in codes {
      trial.system.value.refuse(with: refusal)
      let requests = (await trial.app.start(quick, .user)).requests
      expectEqual(requests.map(\.identifier), [task.identifier])
      expectEqual(requests.map(\.error?.code), [code])
      expect(requests.allSatisfy { $0.error?.fix.isEmpty == false }, "no way out")
      await eventually("run over") { trial.heard.count("stopped", of: quick) > 0 }
    }
    trial.system.value.refuse(with: nil)
    expect((await trial.app.start(quick, .user)).requests.allSatisfy(\.isAccepted), "refused")
  },

  "an identifier that is missing in the Info.plist is named, and the others work": {
    let listed = processing(service("Quick"))
    let unlisted = processing(service("Patient"))
    let trial = Trial([listed, unlisted], permitted: [listed.identifier])
    let errors = await trial.launch()
    expectEqual(errors.map(\.code), [.notInInfoPlist])
    expect(errors[0].message.contains(unlisted.identifier), errors[0].message)
    let start = await trial.app.start(unlisted.runs[0].service, .user)
    expectEqual(start.requests.map(\.error?.code), [.notInInfoPlist])
    trial.system.value.launch(listed.identifier)
    await eventually("completed") { trial.completions(listed) == [true] }
  },

  "a second registration does nothing, for iOS ends an app that registers twice": {
    let patient = service("Patient")
    let trial = Trial([refresh(patient)])
    let application = await application()
    await trial.launch()
    expectEqual(trial.app.register(), [])
    await Trial.attached()
    _ = await trial.app.start(patient, .user)
    application.value.enterBackground(remaining: 30)
    expectEqual(application.value.begunBackgroundTasks, 1)
  },

  "what was never registered is refused with the call that is missing": {
    let quick = service("Quick")
    let trial = Trial([refresh(quick)])
    let start = await trial.app.start(quick, .user)
    expectEqual(start.requests.map(\.error?.code), [.notRegistered])
  },

  "requests go through the call that this iOS has": {
    let trial = Trial([refresh(service("Quick"))])
    await trial.launch()
    #if BGSVC_SDK_27
      expectEqual(trial.system.value.callsUsed, ["submitTaskRequest"])
    #else
      expectEqual(trial.system.value.callsUsed, ["submit"])
    #endif
  },

  "an app that is opened often still gets its windows": {
    let task = refresh(service("Quick"))
    let trial = Trial([task])
    await trial.launch()
    let begin = trial.system.value.request(task.identifier)?.earliestBeginDate
    trial.clock.advance(by: 600)
    _ = await trial.app.start(task.runs[0].service, .user)
    expectEqual(trial.system.value.request(task.identifier)?.earliestBeginDate, begin)
  },

  "what the user stopped is asked for no more, over launches": {
    let quick = service("Quick")
    let other = service("Patient")
    let task = processing(quick)
    let shared = refresh(quick, other)
    let trial = Trial([task, shared])
    await trial.launch()
    do { try await trial.app.stop(quick, reason: "userStop") } catch { fail("\(error)") }
    expect(!trial.isAskedFor(task), "still asked for")
    expect(trial.isAskedFor(shared), "another service's window was taken away")
    expectEqual(trial.ledger.isWanted(quick.name), false)
    expectEqual((await trial.app.state(of: quick)).isWanted, false)
    expect((await trial.app.start(quick, .user)).requests.count == 2, "not asked for again")
    expectEqual(trial.ledger.isWanted(quick.name), true)
  },

  "continued work shows how far Python is": {
    let steps = service("Steps")
    let task = continued(steps)
    let trial = Trial([task], permitted: ["\(Trial.id).\(steps.name).*"])
    expectEqual(await trial.launch(), [])
    let start = await trial.app.start(steps, .user)
    expectEqual(start.run, .granted)
    let request =
      trial.system.value.request(task.identifier) as? BGContinuedProcessingTaskRequest
    expectEqual(request?.strategy, .queue)
    expectEqual(request?.title, "Working")
    trial.system.value.launch(task.identifier)
    await eventually("progress") {
      let granted = trial.system.value.granted.first as? BGContinuedProcessingTask
      return granted?.progress.fractionCompleted == 0.25 && granted?.subtitle == "one of four"
    }
    let granted = trial.system.value.granted.first as? BGContinuedProcessingTask
    expectEqual(granted?.title, "Working")
    do { try await trial.app.stop(steps, reason: "userStop") } catch { fail("\(error)") }
    await eventually("completed") { trial.completions(task) == [true] }
  },

  "continued work that may not wait says so, and runs in the foreground if it has to": {
    let patient = service("Patient")
    let task = continued(patient, mayQueue: false, gpu: true)
    let trial = Trial([task])
    await trial.launch()
    trial.system.value.refuse(with: .immediateRunIneligible)
    let start = await trial.app.start(patient, .user)
    expectEqual(start.requests.map(\.error?.code), [.immediateRunIneligible])
    guard case .started = start.run else { fail("\(start.run)") }
    trial.system.value.refuse(with: nil)
    trial.system.value.supportGPU()
    _ = await trial.app.start(patient, .user)
    let request =
      trial.system.value.request(task.identifier) as? BGContinuedProcessingTaskRequest
    expectEqual(request?.strategy, .fail)
    expectEqual(request?.requiredResources, .gpu)
  },

  "continued work that its user cancels stops the service": {
    let patient = service("Patient")
    let task = continued(patient)
    let trial = Trial([task])
    await trial.launch()
    _ = await trial.app.start(patient, .user)
    trial.system.value.launch(task.identifier)
    await eventually("waiting") { trial.heard.count("waiting", of: patient) == 1 }
    trial.system.value.expire(task.identifier)
    await eventually("completed") { trial.completions(task) == [false] }
    expect(!trial.isAskedFor(task), "asked for again, without its user")
  },

  "what the device allows is told": {
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
