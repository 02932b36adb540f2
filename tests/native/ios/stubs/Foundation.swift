// The part of Foundation that the sources use, for the iOS type check: declarations without bodies.
// Availability and isolation follow Apple's documentation. With HEADERS, the types that
// BackgroundTasks needs come from headers instead: FoundationHeaders.swift.
@_exported import Dispatch

public typealias TimeInterval = Double

#if !HEADERS
public protocol NSObjectProtocol: AnyObject {}
open class NSObject: NSObjectProtocol, Equatable, Hashable {
  public init() {}
  public static func == (first: NSObject, second: NSObject) -> Bool { fatalError() }
  public func hash(into hasher: inout Hasher) {}
}
public struct NSZone {}
public protocol NSCopying { func copy(with zone: NSZone?) -> Any }
#endif

public struct Date: Sendable, Hashable, Comparable, Codable {
  public init() { fatalError() }
  public init(timeIntervalSince1970: TimeInterval) { fatalError() }
  public func addingTimeInterval(_ seconds: TimeInterval) -> Date { fatalError() }
  public static func < (first: Date, second: Date) -> Bool { fatalError() }
}

public struct Data: Sendable {
  public init<Bytes: Sequence>(_ bytes: Bytes) where Bytes.Element == UInt8 { fatalError() }
}

public struct URL: Sendable {
  public var path: String { fatalError() }
  public func appendingPathComponent(_ name: String, isDirectory: Bool) -> URL { fatalError() }
}

public struct Locale: Sendable {
  public static var preferredLanguages: [String] { fatalError() }
}

public final class Bundle: NSObject, @unchecked Sendable {
  public class var main: Bundle { fatalError() }
  public var resourcePath: String? { fatalError() }
}

open class FileManager: NSObject {
  public enum SearchPathDirectory: UInt { case applicationSupportDirectory = 14 }
  public struct SearchPathDomainMask: OptionSet, Sendable {
    public let rawValue: UInt
    public init(rawValue: UInt) { self.rawValue = rawValue }
    public static var userDomainMask: SearchPathDomainMask { fatalError() }
  }
  open class var `default`: FileManager { fatalError() }
  open func urls(
    for directory: SearchPathDirectory, in domainMask: SearchPathDomainMask
  ) -> [URL] { fatalError() }
}

public protocol NSLocking {
  func lock()
  func unlock()
}
extension NSLocking {
  public func withLock<R>(_ body: () throws -> R) rethrows -> R { fatalError() }
}
open class NSLock: NSObject, NSLocking, @unchecked Sendable {
  open func lock() {}
  open func unlock() {}
}
open class NSCondition: NSObject, NSLocking, @unchecked Sendable {
  open func lock() {}
  open func unlock() {}
  open func wait() {}
  open func signal() {}
}

open class Thread: NSObject {
  @available(iOS 10.0, *)
  public convenience init(block: @escaping @Sendable () -> Void) { fatalError() }
  open var name: String? {
    get { fatalError() }
    set {}
  }
  open var stackSize: Int {
    get { fatalError() }
    set {}
  }
  open func start() {}
  open class var isMainThread: Bool { fatalError() }
}

#if !HEADERS
open class Progress: NSObject, @unchecked Sendable {
  public init(totalUnitCount: Int64) { fatalError() }
  open var totalUnitCount: Int64 {
    get { fatalError() }
    set {}
  }
  open var completedUnitCount: Int64 {
    get { fatalError() }
    set {}
  }
}
public protocol ProgressReporting: NSObjectProtocol { var progress: Progress { get } }
#endif

open class UserDefaults: NSObject {
  open class var standard: UserDefaults { fatalError() }
  public init?(suiteName: String?) { fatalError() }
  open func object(forKey key: String) -> Any? { fatalError() }
  open func data(forKey key: String) -> Data? { fatalError() }
  open func integer(forKey key: String) -> Int { fatalError() }
  open func set(_ value: Any?, forKey key: String) {}
  open func set(_ value: Int, forKey key: String) {}
  open func set(_ value: Bool, forKey key: String) {}
  open func removeObject(forKey key: String) {}
}

open class JSONDecoder {
  public init() {}
  open func decode<T: Decodable>(_ type: T.Type, from data: Data) throws -> T { fatalError() }
}
open class JSONEncoder {
  public init() {}
  open func encode<T: Encodable>(_ value: T) throws -> Data { fatalError() }
}

open class NSNotification: NSObject {
  public struct Name: RawRepresentable, Hashable, Sendable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(_ rawValue: String) { self.rawValue = rawValue }
  }
}
public struct Notification {}
open class OperationQueue: NSObject, @unchecked Sendable {}
open class NotificationCenter: NSObject, @unchecked Sendable {
  open class var `default`: NotificationCenter { fatalError() }
  open func addObserver(
    forName name: NSNotification.Name?, object: Any?, queue: OperationQueue?,
    using block: @escaping @Sendable (Notification) -> Void
  ) -> any NSObjectProtocol { fatalError() }
  open func post(name: NSNotification.Name, object: Any?) {}
}

open class ProcessInfo: NSObject, @unchecked Sendable {
  open class var processInfo: ProcessInfo { fatalError() }
}

public func NSLog(_ format: String, _ arguments: any CVarArg...) {}
extension String: @retroactive CVarArg {
  public var _cVarArgEncoding: [Int] { fatalError() }
}
