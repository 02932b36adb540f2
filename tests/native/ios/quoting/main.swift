// Prints every text of the generated constants as hexadecimal UTF-8, one on each line.
import Foundation

/// A stand-in for the app: it only keeps the constants.
final class BgsvcApp: Sendable {
  let texts: [String]

  init(id: String, services: [BgsvcService], tasks: [BgsvcTask]) {
    var texts = [id]
    for service in services { texts += [service.name, service.label, service.config] }
    for task in tasks {
      texts.append(task.identifier)
      if case .continued(let continued) = task.kind {
        texts += [continued.title, continued.subtitle]
      }
    }
    self.texts = texts
  }
}

for text in BgsvcApp.shared.texts {
  print(text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
}
