@_spi(Simulator) import BackgroundTasks
import Foundation
@_spi(Simulator) import UIKit

@testable import BgsvcServices

/// A generator of the same numbers in every run of the tests.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

let randomScenarios: [String: @Sendable () async -> Void] = [
  "in 200 random orders of launches, expirations, starts and stops, each window completes once": {
    let quick = service("Quick")
    let patient = service("Patient")
    let crash = service("Crash")
    let tasks = [refresh(quick, patient), processing(patient), processing(crash), continued(quick)]
    let fixture = Fixture(tasks, services: [quick, patient, crash])
    let application = await application()
    await fixture.launch()
    await Fixture.waitUntilAttached()
    var random = SplitMix(state: 20_260_101)
    var granted = 0
    for _ in 0..<200 {
      for _ in 0..<Int.random(in: 2...5, using: &random) {
        let task = tasks.randomElement(using: &random) ?? tasks[0]
        let service = [quick, patient, crash].randomElement(using: &random) ?? quick
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1, 2, 3: granted += await fixture.open(task) ? 1 : 0
        case 4: fixture.system.value.expire(task.identifier)
        case 5, 6: _ = await fixture.app.start(service, .user)
        case 7: try? await fixture.app.stop(service, reason: "userStop")
        case 8: application.value.enterBackground(remaining: 30)
        default: application.value.becomeActive()
        }
      }
      fixture.clock.advance(by: TimeInterval(Int.random(in: 0...30, using: &random)))
    }
    for service in [quick, patient, crash] {
      try? await fixture.app.stop(service, reason: "userStop")
    }
    await eventually("every window completed") {
      fixture.clock.advance(by: 30)
      return fixture.system.value.granted.isEmpty
    }
    expect(granted > 60, "only \(granted) windows")
    expectEqual(fixture.system.value.completed.count, granted)
    application.value.becomeActive()
    await eventually("no background task open") {
      application.value.openBackgroundTasks.isEmpty
    }
  }
]
