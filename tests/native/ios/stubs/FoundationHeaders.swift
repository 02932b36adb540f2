// The Swift overlay of the headers' classes: values and errors.
@_exported import Foundation

extension NSObject: @retroactive Equatable, @retroactive Hashable {
  public static func == (first: NSObject, second: NSObject) -> Bool { fatalError() }
  public func hash(into hasher: inout Hasher) {}
}
extension Progress: @unchecked Sendable {}
extension NSError: Error, @unchecked Sendable {}

extension String: @retroactive _ObjectiveCBridgeable {
  public func _bridgeToObjectiveC() -> NSString { fatalError() }
  public static func _forceBridgeFromObjectiveC(_ source: NSString, result: inout String?) {}
  public static func _conditionallyBridgeFromObjectiveC(
    _ source: NSString, result: inout String?
  ) -> Bool { fatalError() }
  public static func _unconditionallyBridgeFromObjectiveC(_ source: NSString?) -> String {
    fatalError()
  }
}
extension Array: @retroactive _ObjectiveCBridgeable {
  public func _bridgeToObjectiveC() -> NSArray { fatalError() }
  public static func _forceBridgeFromObjectiveC(_ source: NSArray, result: inout Array?) {}
  public static func _conditionallyBridgeFromObjectiveC(
    _ source: NSArray, result: inout Array?
  ) -> Bool { fatalError() }
  public static func _unconditionallyBridgeFromObjectiveC(_ source: NSArray?) -> Array {
    fatalError()
  }
}
extension Date: _ObjectiveCBridgeable {
  public func _bridgeToObjectiveC() -> NSDate { fatalError() }
  public static func _forceBridgeFromObjectiveC(_ source: NSDate, result: inout Date?) {}
  public static func _conditionallyBridgeFromObjectiveC(
    _ source: NSDate, result: inout Date?
  ) -> Bool { fatalError() }
  public static func _unconditionallyBridgeFromObjectiveC(_ source: NSDate?) -> Date {
    fatalError()
  }
}

public protocol _ErrorCodeProtocol: Equatable, RawRepresentable {
  associatedtype _ErrorType: _BridgedStoredNSError where _ErrorType.Code == Self
}
public protocol _BridgedNSError: Error {}
public protocol _BridgedStoredNSError: _BridgedNSError, Hashable {
  associatedtype Code: _ErrorCodeProtocol where Code.RawValue: FixedWidthInteger
  var _nsError: NSError { get }
  init(_nsError error: NSError)
}
extension _BridgedStoredNSError {
  public var code: Code { fatalError() }
}
