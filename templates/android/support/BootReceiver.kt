package dev.bgsvc

import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent

/**
 * Starts services with the device, and again after an update of the app.
 *
 * Those that the spec wants before the first unlock start at `LOCKED_BOOT_COMPLETED`, to which the
 * manifest has the receiver listen only then; `BOOT_COMPLETED`, after the unlock, finds them running.
 * It may be told twice (from API 35 on Android says `BOOT_COMPLETED` again when the user opens an app
 * that was stopped by force): a service that runs goes on, and one that the user stopped stays so.
 */
class BootReceiver : BroadcastReceiver() {
    /** Starts what is wanted; Android refuses by itself what it does not allow. */
    override fun onReceive(
        context: Context,
        intent: Intent,
    ) {
        val ledger = Ledger(context)
        val declared = Declared.all(context)
        // What the user stopped in the task manager is not wanted any more.
        declared.forEach { LastExit.settle(context, it.name) }
        when (intent.action) {
            Intent.ACTION_LOCKED_BOOT_COMPLETED, Intent.ACTION_BOOT_COMPLETED -> {
                val isLocked = intent.action == Intent.ACTION_LOCKED_BOOT_COMPLETED
                declared
                    .filter { it.startsOnBoot && (it.startsLocked || !isLocked) && ledger.isWanted(it.name) != false }
                    .forEach { Bgsvc.start(context, it, StartReason.BOOT) }
            }

            Intent.ACTION_MY_PACKAGE_REPLACED -> {
                declared
                    .filter { ledger.isWanted(it.name) == true }
                    .forEach { Bgsvc.start(context, it, StartReason.REPLAY) }
            }
        }
    }
}
