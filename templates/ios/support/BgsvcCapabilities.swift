import BackgroundTasks
import Foundation
import UIKit

/// What a device lets the app do in the background at the moment.
public struct BgsvcCapabilities: Sendable, Hashable {
  /// The setting Background App Refresh.
  public enum BackgroundRefresh: String, Sendable {
    case available
    /// The user has turned it off.
    case denied
    /// Parental controls or a device policy have turned it off.
    case restricted
  }

  /// Without it, iOS grants no windows.
  public let backgroundRefresh: BackgroundRefresh
  /// In Low Power Mode iOS grants fewer windows, or none.
  public let isLowPowerModeEnabled: Bool
  /// Whether this iOS has continued processing tasks (iOS 26 and later).
  public let hasContinuedProcessing: Bool
  /// Whether continued processing tasks may use the graphics processor on this device.
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
