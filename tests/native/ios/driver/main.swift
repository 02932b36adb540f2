// Runs the scenario that its argument names, in a process of its own.
import Dispatch
import Foundation

let scenarios = [
  windowScenarios, requestScenarios, foregroundScenarios, pythonScenarios, randomScenarios,
  stateScenarios,
].reduce(into: [:]) { all, some in all.merge(some) { first, _ in first } }

if let name = CommandLine.arguments.dropFirst().first, let scenario = scenarios[name] {
  Task.detached {
    await scenario()
    print("ok")
    exit(0)
  }
  dispatchMain()
}
for name in scenarios.keys.sorted() { print(name) }
