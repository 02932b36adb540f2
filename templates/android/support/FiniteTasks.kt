package dev.bgsvc

import android.app.Application
import android.os.Handler
import android.os.Looper
import android.os.SystemClock

/**
 * What the app finishes though the user leaves it: its tasks, and what keeps its process alive for
 * them meanwhile. Confined to the main thread.
 */
internal class FiniteTasks(
    private val app: Application,
    private val tellPython: (Boolean, Double?) -> Unit,
) {
    /** What keeps the process alive: a short service, or a job where Android refuses that. */
    fun interface Keeper {
        /** There is nothing left to finish, or no time for it. */
        fun release()
    }

    private val main = Handler(Looper.getMainLooper())
    private val timeUp = Runnable { expire() }
    private val giveUp = Runnable { release() }
    private val open = LinkedHashMap<String, FiniteTask>()
    private var keeper: Keeper? = null
    private var asked = false
    private var expired = false
    private var deadline: Long? = null
    private val appState = AppState(app) { moved() }

    /** Whether something is to be finished while the user does not see the app. */
    val isNeeded get() = open.isNotEmpty() && !appState.isVisible

    init {
        tell()
    }

    /** Tells Python whether the user sees the app, and for how long its tasks may go on. */
    fun tell() {
        val seconds = deadline?.let { maxOf(0, it - SystemClock.uptimeMillis()) / MILLIS }
        tellPython(appState.isVisible, seconds)
    }

    /** Takes [task] up. */
    fun begin(task: FiniteTask) {
        open[task.id] = task
        task.deadline = deadline
        if (!isNeeded) return
        stay()
        tell()
    }

    /** The task [id] is done. */
    fun end(id: String) {
        open -= id
        if (open.isEmpty()) release()
    }

    /** Lets [keeper] keep the process alive, until it is released. */
    fun hold(keeper: Keeper) {
        this.keeper = keeper
        if (!isNeeded) release()
    }

    /** [keeper] is gone, whoever ended it. */
    fun leave(keeper: Keeper) {
        if (this.keeper === keeper) this.keeper = null
    }

    /** A short service was refused: only a job may do it. */
    fun refused() {
        if (isNeeded) FiniteTaskJob.schedule(app)
    }

    /** Android's time is over: every task hears of it, and has some seconds. */
    fun expire() {
        if (expired) return
        expired = true
        open.values.toList().forEach { it.onExpire.run() }
        main.postDelayed(giveUp, GRACE_MILLIS)
    }

    private fun moved() {
        if (isNeeded) stay() else release()
        tell()
    }

    private fun stay() {
        if (asked) return
        asked = true
        limit(SystemClock.uptimeMillis() + LIMIT_MILLIS)
        main.postDelayed(timeUp, LIMIT_MILLIS)
        if (!FiniteTaskService.start(app)) refused()
    }

    private fun release() {
        main.removeCallbacks(timeUp)
        main.removeCallbacks(giveUp)
        asked = false
        expired = false
        limit(null)
        keeper?.release()
        keeper = null
    }

    private fun limit(until: Long?) {
        deadline = until
        open.values.forEach { it.deadline = until }
    }

    private companion object {
        const val MILLIS = 1000.0

        // Of a short service, from API 34 on, and what AOSP grants an expedited job at least.
        const val LIMIT_MILLIS = 180_000L

        // Ten seconds after its time a short service ends the app.
        const val GRACE_MILLIS = 8_000L
    }
}
