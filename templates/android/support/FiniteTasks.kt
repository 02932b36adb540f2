package dev.bgsvc

import android.app.Application
import android.os.Handler
import android.os.Looper
import android.os.SystemClock

/**
 * The app's finite tasks, and what keeps its process alive for them when the user leaves the app.
 *
 * Confined to the main thread.
 */
internal class FiniteTasks(
    private val app: Application,
    private val sendAppState: (Boolean, Double?) -> Unit,
) {
    /** What keeps the process alive: a short service, or a job where Android refuses that. */
    fun interface KeepAlive {
        /** Ends it: there is nothing left to finish, or no time for it. */
        fun release()
    }

    private val main = Handler(Looper.getMainLooper())
    private val onTimeLimit = Runnable { expire() }
    private val onGraceEnd = Runnable { release() }
    private val openTasks = LinkedHashMap<String, FiniteTask>()
    private var keepAlive: KeepAlive? = null
    private var isKeepAliveRequested = false
    private var isExpired = false
    private var deadlineMillis: Long? = null
    private val appState = AppState(app) { onVisibilityChange() }

    /** Whether there is a task to finish while the user does not see the app. */
    val isNeeded get() = openTasks.isNotEmpty() && !appState.isVisible

    init {
        reportAppState()
    }

    /** Reports to Python whether the user sees the app, and how long its tasks may go on. */
    fun reportAppState() {
        val remainingSeconds =
            deadlineMillis?.let { maxOf(0, it - SystemClock.uptimeMillis()) / MILLIS_PER_SECOND }
        sendAppState(appState.isVisible, remainingSeconds)
    }

    /** Adds [task]. */
    fun begin(task: FiniteTask) {
        openTasks[task.id] = task
        task.deadlineMillis = deadlineMillis
        if (!isNeeded) return
        requestKeepAlive()
        reportAppState()
    }

    /** Removes the task [id], which is done. */
    fun end(id: String) {
        openTasks -= id
        if (openTasks.isEmpty()) release()
    }

    /** Lets [keepAlive] keep the process alive until it is released. */
    fun hold(keepAlive: KeepAlive) {
        this.keepAlive = keepAlive
        if (!isNeeded) release()
    }

    /** Forgets [keepAlive], which has ended. */
    fun remove(keepAlive: KeepAlive) {
        if (this.keepAlive === keepAlive) this.keepAlive = null
    }

    /** Schedules a job where Android has refused the short service. */
    fun replaceRefusedService() {
        if (isNeeded) FiniteTaskJob.schedule(app)
    }

    /** Tells every task that Android's time is up; some seconds are left. */
    fun expire() {
        if (isExpired) return
        isExpired = true
        openTasks.values.toList().forEach { it.onExpire.run() }
        main.postDelayed(onGraceEnd, EXPIRE_GRACE_MILLIS)
    }

    private fun onVisibilityChange() {
        if (isNeeded) requestKeepAlive() else release()
        reportAppState()
    }

    private fun requestKeepAlive() {
        if (isKeepAliveRequested) return
        isKeepAliveRequested = true
        setDeadline(SystemClock.uptimeMillis() + TIME_LIMIT_MILLIS)
        main.postDelayed(onTimeLimit, TIME_LIMIT_MILLIS)
        if (!FiniteTaskService.start(app)) replaceRefusedService()
    }

    private fun release() {
        main.removeCallbacks(onTimeLimit)
        main.removeCallbacks(onGraceEnd)
        isKeepAliveRequested = false
        isExpired = false
        setDeadline(null)
        keepAlive?.release()
        keepAlive = null
    }

    private fun setDeadline(uptimeMillis: Long?) {
        deadlineMillis = uptimeMillis
        openTasks.values.forEach { it.deadlineMillis = uptimeMillis }
    }

    private companion object {
        const val MILLIS_PER_SECOND = 1000.0

        // A short service's limit from API 34 on, and what AOSP grants an expedited job at least.
        const val TIME_LIMIT_MILLIS = 180_000L

        // Android ends the app ten seconds after a short service's time.
        const val EXPIRE_GRACE_MILLIS = 8_000L
    }
}
