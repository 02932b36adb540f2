package dev.bgsvc

import android.app.ActivityManager
import android.app.Application
import android.app.ApplicationExitInfo
import android.content.Context
import android.os.Build

/** Why the process before this one ended, where Android tells (API 30). */
internal object LastExit {
    private const val MILLIS = 1000.0

    /** Ends, in the ledger, what ran in a process that is gone; the user's stop ends the wish as well. */
    fun settle(
        context: Context,
        name: String,
    ) {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.R) return
        val manager = context.getSystemService(Context.ACTIVITY_SERVICE) as ActivityManager
        // The app may have other processes, and Android tells of each; the newest comes first.
        val exits = manager.getHistoricalProcessExitReasons(context.packageName, 0, 0)
        val exit = exits.find { it.processName == Application.getProcessName() } ?: return
        val ledger = Ledger(context)
        val wasRunning = ledger.closeLost(name, exit.timestamp / MILLIS, wordOf(exit.reason))
        if (wasRunning && exit.reason == ApplicationExitInfo.REASON_USER_REQUESTED) ledger.want(name, false)
    }

    private fun wordOf(reason: Int): String =
        when (reason) {
            ApplicationExitInfo.REASON_USER_REQUESTED -> "userStop"
            ApplicationExitInfo.REASON_CRASH -> "error"
            ApplicationExitInfo.REASON_CRASH_NATIVE -> "error"
            ApplicationExitInfo.REASON_ANR -> "error"
            else -> "processExit"
        }
}
