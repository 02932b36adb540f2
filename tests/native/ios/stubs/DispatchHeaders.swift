// The Swift overlay of the headers' queue.
@_exported import ObjectiveC
@_exported import Queue

extension DispatchQueue: @retroactive @unchecked Sendable {}
extension DispatchQueue {
  public convenience init(label: String) { fatalError() }
  public class var main: DispatchQueue { fatalError() }
  public class func global() -> DispatchQueue { fatalError() }
  public func sync<Result>(execute work: () throws -> Result) rethrows -> Result { fatalError() }
  public func async(execute work: @escaping @Sendable @convention(block) () -> Void) {}
  public func asyncAfter(
    deadline: DispatchTime, execute work: @escaping @Sendable @convention(block) () -> Void
  ) {}
}
