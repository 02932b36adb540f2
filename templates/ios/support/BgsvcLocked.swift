import Foundation

/// A value that several threads share; it is read and changed under its lock alone.
final class BgsvcLocked<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  nonisolated init(_ value: Value) {
    self.value = value
  }

  /// Calls `body` with the value while no other thread can reach it.
  nonisolated func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    try lock.withLock { try body(&value) }
  }
}
