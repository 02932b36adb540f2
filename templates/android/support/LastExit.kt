package dev.bgsvc

import android.app.ActivityManager
import android.app.Application
import android.app.ApplicationExitInfo
import android.content.Context
import android.os.Build

/** Why the previous process ended, as Android reports it from API 30 on. */
internal object LastExit {
    private const val MILLIS_PER_SECOND = 1000.0

    /**
     * Closes the stored run of the service [name] whose process has ended.
     *
     * If the user ended the process in the task manager, the desired state is cleared as well.
     */
    fun closeLostRun(
        context: Context,
        name: String,
    ) {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.R) return
        val manager = context.getSystemService(Context.ACTIVITY_SERVICE) as ActivityManager
        // Android lists the exits of all the app's processes, the newest first.
        val exits = manager.getHistoricalProcessExitReasons(context.packageName, 0, 0)
        val exit = exits.find { it.processName == Application.getProcessName() } ?: return
        val store = ServiceStateStore(context)
        val wasRunning = store.closeLostRun(name, exit.timestamp / MILLIS_PER_SECOND, stopReason(exit.reason))
        if (wasRunning && exit.reason == ApplicationExitInfo.REASON_USER_REQUESTED) store.setDesiredState(name, false)
    }

    private fun stopReason(exitReason: Int): String =
        when (exitReason) {
            ApplicationExitInfo.REASON_USER_REQUESTED -> "userStop"
            ApplicationExitInfo.REASON_CRASH -> "error"
            ApplicationExitInfo.REASON_CRASH_NATIVE -> "error"
            ApplicationExitInfo.REASON_ANR -> "error"
            else -> "processExit"
        }
}
