// Prints every text of the generated constants, a line of hexadecimal UTF-8 for each.
import Foundation

/// In the place of the app that the constants belong to: it only keeps them.
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
