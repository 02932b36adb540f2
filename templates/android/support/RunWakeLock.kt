package dev.bgsvc

import android.annotation.SuppressLint
import android.content.Context
import android.os.PowerManager

/** Keeps the processor awake during a run, which a foreground service alone does not. */
internal class RunWakeLock(
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

    /** Keeps the processor awake from now on. */
    @SuppressLint("WakelockTimeout") // It is held as long as the run lasts, and the process with it.
    fun acquire() = lock.acquire()

    /** Lets the processor sleep again; a lock that is not held is fine. */
    fun release() {
        if (lock.isHeld) lock.release()
    }
}
