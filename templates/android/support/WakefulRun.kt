package dev.bgsvc

import android.annotation.SuppressLint
import android.content.Context
import android.os.PowerManager

/** Keeps the processor awake during a run; a foreground service alone does not. */
internal class WakefulRun(
    context: Context,
    definition: ServiceDefinition,
) {
    private val power = context.getSystemService(Context.POWER_SERVICE) as PowerManager
    private val lock: PowerManager.WakeLock =
        power
            .newWakeLock(
                PowerManager.PARTIAL_WAKE_LOCK,
                "bgsvc:${definition.name}",
            ).apply { setReferenceCounted(false) }

    /** Keeps it awake from now on. */
    @SuppressLint("WakelockTimeout") // It is held as long as the run lasts, and the process with it.
    fun begin() = lock.acquire()

    /** Lets it sleep again. */
    fun end() {
        if (lock.isHeld) lock.release()
    }
}
