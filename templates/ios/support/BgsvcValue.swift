import Foundation

/// What JSON can say.
public enum BgsvcValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([BgsvcValue])
  case object([String: BgsvcValue])

  /// The member called `key`, if this is an object that has it.
  public nonisolated subscript(key: String) -> BgsvcValue? {
    if case .object(let members) = self { return members[key] }
    return nil
  }

  /// The text, if this is one.
  public nonisolated var string: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  /// The number, if this is one.
  public nonisolated var number: Double? {
    if case .number(let number) = self { return number }
    return nil
  }

  /// True or false, if this is one of them.
  public nonisolated var bool: Bool? {
    if case .bool(let flag) = self { return flag }
    return nil
  }

  /// The elements, if this is an array.
  public nonisolated var array: [BgsvcValue]? {
    if case .array(let elements) = self { return elements }
    return nil
  }

  /// Reads one line of JSON; `nil` if it is none.
  public nonisolated init?(json: String) {
    guard let value = try? JSONDecoder().decode(BgsvcValue.self, from: Data(json.utf8)) else {
      return nil
    }
    self = value
  }

  /// This value as one line of JSON.
  public nonisolated var json: String {
    switch self {
    case .null: "null"
    case .bool(let flag): flag ? "true" : "false"
    case .number(let number): Self.spelled(number)
    case .string(let text): Self.quoted(text)
    case .array(let elements): "[\(elements.map(\.json).joined(separator: ","))]"
    case .object(let members):
      "{\(members.map { "\(Self.quoted($0)):\($1.json)" }.joined(separator: ","))}"
    }
  }

  private nonisolated static func spelled(_ number: Double) -> String {
    // JSON has no word for infinity.
    guard number.isFinite else { return "null" }
    return Int64(exactly: number).map { "\($0)" } ?? "\(number)"
  }

  private nonisolated static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case "\u{0}"..<" ":
        let hex = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

extension BgsvcValue: Decodable {
  public nonisolated init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let flag = try? value.decode(Bool.self) {
      self = .bool(flag)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else if let text = try? value.decode(String.self) {
      self = .string(text)
    } else if let elements = try? value.decode([BgsvcValue].self) {
      self = .array(elements)
    } else {
      self = .object(try value.decode([String: BgsvcValue].self))
    }
  }
}
