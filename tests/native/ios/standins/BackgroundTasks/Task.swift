// The tasks of Apple's BackgroundTasks, for Linux. Quotes are from Apple's documentation; what no
// sentence there says is marked "assumed".
import Dispatch
import Foundation

@available(iOS 13.0, *)
open class BGTask: NSObject {
  public let identifier: String
  private let lock = NSLock()
  private var handler: (() -> Void)?
  private var hadHandler = false

  @available(*, unavailable) public override init() { fatalError("unavailable") }

  init(granted identifier: String) {
    self.identifier = identifier
    super.init()
  }

  open var expirationHandler: (() -> Void)? {
    get { lock.withLock { handler } }
    set {
      lock.withLock {
        handler = newValue
        hadHandler = true
      }
    }
  }

  /// "Inform the background task scheduler that the task is complete."
  open func setTaskCompleted(success: Bool) {
    lock.withLock {
      // "This property is cleared after it is called by the system or when
      // setTaskCompletedWithSuccess: is called."
      handler = nil
    }
    BGTaskScheduler.shared.note(completed: self, success)
  }

  func expire() {
    let (handler, hadHandler) = lock.withLock {
      defer { self.handler = nil }
      return (self.handler, self.hadHandler)
    }
    if hadHandler {
      handler?()
      return
    }
    // "Not setting an expiration handler results in the system marking your task as complete and
    // unsuccessful instead of sending a warning."
    setTaskCompleted(success: false)
  }
}

@available(iOS 13.0, *)
open class BGProcessingTask: BGTask {}

@available(iOS 17.0, *)
open class BGHealthResearchTask: BGProcessingTask {}

@available(iOS 13.0, *)
open class BGAppRefreshTask: BGTask {}

@available(iOS 26.0, *)
open class BGContinuedProcessingTask: BGTask, ProgressReporting {
  public let progress = Progress(totalUnitCount: 0)
  private let texts = NSLock()
  private var shown: (title: String, subtitle: String)

  init(granted identifier: String, title: String, subtitle: String) {
    shown = (title, subtitle)
    super.init(granted: identifier)
  }

  open var title: String { texts.withLock { shown.title } }
  open var subtitle: String { texts.withLock { shown.subtitle } }

  /// "Update the title and subtitle displayed in the live activity displayed to the user."
  open func updateTitle(_ title: String, subtitle: String) {
    texts.withLock { shown = (title, subtitle) }
  }
}
