import Foundation

/// A JSON value.
public enum BgsvcValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([BgsvcValue])
  case object([String: BgsvcValue])

  /// The member `key`; `nil` if this is not an object, or has no such member.
  public nonisolated subscript(key: String) -> BgsvcValue? {
    if case .object(let members) = self { return members[key] }
    return nil
  }

  /// The text; `nil` if this is not a string.
  public nonisolated var string: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  /// The number; `nil` if this is not a number.
  public nonisolated var number: Double? {
    if case .number(let number) = self { return number }
    return nil
  }

  /// The truth value; `nil` if this is not one.
  public nonisolated var bool: Bool? {
    if case .bool(let flag) = self { return flag }
    return nil
  }

  /// The elements; `nil` if this is not an array.
  public nonisolated var array: [BgsvcValue]? {
    if case .array(let elements) = self { return elements }
    return nil
  }

  /// Parses JSON; `nil` if the text is not JSON.
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
    case .number(let number): Self.encode(number)
    case .string(let text): Self.quote(text)
    case .array(let elements): "[\(elements.map(\.json).joined(separator: ","))]"
    case .object(let members):
      "{\(members.map { "\(Self.quote($0)):\($1.json)" }.joined(separator: ","))}"
    }
  }

  private nonisolated static func encode(_ number: Double) -> String {
    // JSON has no infinity and no NaN.
    guard number.isFinite else { return "null" }
    return Int64(exactly: number).map { "\($0)" } ?? "\(number)"
  }

  private nonisolated static func quote(_ text: String) -> String {
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
