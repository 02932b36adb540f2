// The part of Dispatch that the sources use, for the iOS type check: declarations without bodies.

public struct DispatchTime: Sendable {
  public static func now() -> DispatchTime { fatalError() }
  public static func + (time: DispatchTime, seconds: Double) -> DispatchTime { fatalError() }
}

#if !HEADERS
public final class DispatchQueue: @unchecked Sendable {
  public init(label: String) { fatalError() }
  public class var main: DispatchQueue { fatalError() }
  public class func global() -> DispatchQueue { fatalError() }
  public func sync<Result>(execute work: () throws -> Result) rethrows -> Result { fatalError() }
  public func async(execute work: @escaping @Sendable @convention(block) () -> Void) {}
  public func asyncAfter(
    deadline: DispatchTime, execute work: @escaping @Sendable @convention(block) () -> Void
  ) {}
}
#endif

public final class DispatchSemaphore: @unchecked Sendable {
  public init(value: Int) { fatalError() }
  @discardableResult public func signal() -> Int { fatalError() }
  public func wait() {}
}
