package dev.bgsvc

import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent

/**
 * Starts services when the device has booted, and again after an update of the app.
 *
 * A service with `direct_boot` starts at `LOCKED_BOOT_COMPLETED`; the manifest registers the
 * receiver for it only if there is such a service. It already runs when `BOOT_COMPLETED` follows,
 * after the first unlock. From API 35 on Android sends `BOOT_COMPLETED` again when the user opens
 * an app that was force-stopped. A second start is harmless: a service that runs goes on, and one
 * that the user stopped stays stopped.
 */
class BootReceiver : BroadcastReceiver() {
    /** Starts the services whose desired state is to run; Android may refuse some at boot. */
    override fun onReceive(
        context: Context,
        intent: Intent,
    ) {
        val store = ServiceStateStore(context)
        val services = DeclaredService.all(context)
        // A stop in the task manager clears the desired state.
        services.forEach { LastExit.closeLostRun(context, it.name) }
        when (intent.action) {
            Intent.ACTION_LOCKED_BOOT_COMPLETED, Intent.ACTION_BOOT_COMPLETED -> {
                val isLocked = intent.action == Intent.ACTION_LOCKED_BOOT_COMPLETED
                services
                    .filter { it.startsOnBoot && (it.isDirectBootAware || !isLocked) }
                    .filter { store.desiredRunning(it.name) != false }
                    .forEach { Bgsvc.start(context, it, StartReason.BOOT) }
            }

            Intent.ACTION_MY_PACKAGE_REPLACED -> {
                services
                    .filter { store.desiredRunning(it.name) == true }
                    .forEach { Bgsvc.start(context, it, StartReason.REPLAY) }
            }
        }
    }
}
