import BackgroundTasks
import Foundation
import UIKit

/// What a device lets the app do in the background, at the moment.
public struct BgsvcCapabilities: Sendable, Hashable {
  /// The user's setting Background App Refresh.
  public enum BackgroundRefresh: String, Sendable {
    case available
    /// The user has turned it off.
    case denied
    /// Somebody else has, such as a parent.
    case restricted
  }

  /// Without it, iOS grants no windows.
  public let backgroundRefresh: BackgroundRefresh
  /// In Low Power Mode iOS grants fewer windows, or none.
  public let isLowPowerModeEnabled: Bool
  /// Whether work that the user started may go on in the background, in the user's sight.
  public let hasContinuedProcessing: Bool
  /// Whether such work may use the graphics processor.
  public let hasBackgroundGPU: Bool

  @MainActor static func current() -> BgsvcCapabilities {
    var hasContinuedProcessing = false
    var hasBackgroundGPU = false
    if #available(iOS 26.0, *) {
      hasContinuedProcessing = true
      hasBackgroundGPU = BGTaskScheduler.supportedResources.contains(.gpu)
    }
    let refresh: BackgroundRefresh =
      switch UIApplication.shared.backgroundRefreshStatus {
      case .available: .available
      case .denied: .denied
      default: .restricted
      }
    return BgsvcCapabilities(
      backgroundRefresh: refresh,
      isLowPowerModeEnabled: ProcessInfo.processInfo.isLowPowerModeEnabled,
      hasContinuedProcessing: hasContinuedProcessing,
      hasBackgroundGPU: hasBackgroundGPU)
  }
}
