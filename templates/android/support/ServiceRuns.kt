package dev.bgsvc

import android.os.Handler
import android.os.Looper
import org.json.JSONObject

/**
 * One service's runs in this process, one after the other, whatever keeps the process alive
 * meanwhile. Confined to the main thread.
 */
internal class ServiceRuns(
    private val definition: ServiceDefinition,
    private val python: PythonBridge,
    private val publish: (BgsvcEvent) -> Unit,
    private val onState: (ServiceState) -> Unit,
) {
    /** What keeps the process alive during a run: a foreground service, or a job. */
    interface KeepAlive {
        /** By what the run goes on while the user does not see the app. */
        val mode: RunMode

        /** There is nothing left to stay alive for. */
        fun release()
    }

    private val main = Handler(Looper.getMainLooper())
    private val giveUp = Runnable { overdue() }

    // After a time limit a job may begin while the service still ends: the last keepAlive is the next run's.
    private val keepAlives = LinkedHashSet<KeepAlive>()
    private var next: StartReason? = null
    private var late = false
    private var restarting = false
    private var resting = false

    private var state = ServiceState.IDLE
        set(value) {
            field = value
            onState(value)
        }

    /** Whether a run is under way, or one that has not ended yet. */
    val isLive get() = state != ServiceState.IDLE && state != ServiceState.STOPPED

    /** Whether the last run was ended by somebody who wants no other. */
    var isDesiredStateCleared = false
        private set

    /** Lets [keepAlive] keep the process alive, until it is released. */
    fun hold(keepAlive: KeepAlive) {
        keepAlives -= keepAlive
        keepAlives += keepAlive
    }

    /** Starts a run; one that is live goes on instead, and one that stops is awaited. */
    fun start(reason: StartReason) {
        when {
            !isLive -> begin(reason)
            late -> refuse(BgsvcError("stillStopping", "the previous run has not ended yet"))
            state == ServiceState.STOPPING -> next = reason
        }
    }

    /** Says why Android's side cannot do what was asked; a live run goes on. */
    fun refuse(error: BgsvcError) {
        report(error)
        releaseIfIdle()
    }

    /** Asks the run to end for [reason]. */
    fun stop(reason: StopReason) {
        isDesiredStateCleared = reason.clearsDesiredState
        val request = message("stop").put("reason", reason.wire)
        end(request, definition.stopTimeoutMillis + MARGIN_MILLIS)
    }

    /** Android's time limit is reached: the run must end within [graceMillis]. */
    fun expire(graceMillis: Long) {
        // Between two runs there is none to expire; what is called off is the next one.
        val request = message(if (restarting) "stop" else "expire")
        request.put("reason", StopReason.PLATFORM_TIMEOUT.wire)
        end(request.put("remaining", graceMillis / MILLIS), graceMillis)
    }

    /** [keepAlive] is gone; a run that it alone kept alive is asked to end for [reason]. */
    fun remove(
        keepAlive: KeepAlive,
        reason: StopReason,
    ) {
        if (keepAlives.remove(keepAlive) && keepAlives.isEmpty() && isLive && state != ServiceState.STOPPING) stop(reason)
    }

    /** Tells Python that the user pressed [button] on one of its notifications, or on the service's own. */
    fun pressButton(
        notification: String,
        button: String,
    ) {
        if (isLive) python.request(message("action").put("notification", notification).put("action", button))
        releaseIfIdle()
    }

    /** Lets go of what keeps the process alive, where no run needs it. */
    fun releaseIfIdle() {
        if (!isLive || late) release()
    }

    /** Takes an event of this service. */
    fun onEvent(event: BgsvcEvent) {
        when (event.event) {
            "started" -> started()
            "stopped" -> stopped(event)
            "restart_failed" -> ended()
        }
    }

    private fun begin(reason: StartReason) {
        isDesiredStateCleared = false
        state = ServiceState.INITIALIZING
        val mode = keepAlives.lastOrNull()?.mode ?: FOREGROUND
        val request =
            JSONObject()
                .put("type", "start")
                .put("config", JSONObject(definition.config))
                .put("reason", reason.wire)
                .put("mode", mode.wire)
                .putOpt("foregroundServiceType", definition.foregroundServiceTypeName.takeIf { mode == FOREGROUND })
        python.request(request) { reply ->
            if (reply is PythonBridge.Reply.Failed) {
                report(reply.error)
                ended()
            }
        }
    }

    private fun started() {
        restarting = false
        if (state == ServiceState.INITIALIZING) state = ServiceState.RUNNING
    }

    private fun stopped(event: BgsvcEvent) {
        isDesiredStateCleared = isDesiredStateCleared || StopReason.entries.any { it.clearsDesiredState && it.wire == event.data.optString("reason") }
        if (event.data.has("restartIn") && next == null) pause() else ended()
    }

    // Python itself begins the next run, after a pause in which the process has to live.
    private fun pause() {
        if (resting) return ended()
        restarting = true
        if (state == ServiceState.RUNNING) state = ServiceState.INITIALIZING
    }

    private fun end(
        request: JSONObject,
        graceMillis: Long,
    ) {
        next = null
        if (!isLive) return release()
        python.request(request, ::calledOff)
        state = ServiceState.STOPPING
        main.removeCallbacks(giveUp)
        main.postDelayed(giveUp, graceMillis)
    }

    // A stop in the pause before a restart ends no run, so no `stopped` follows it; the one that
    // began the pause may come before this reply, or after it.
    private fun calledOff(reply: PythonBridge.Reply) {
        resting = reply !is PythonBridge.Reply.Ok || reply.result.optString("state") in RESTING
        if (resting && restarting) ended()
    }

    private fun ended() {
        if (!isLive) return
        main.removeCallbacks(giveUp)
        late = false
        restarting = false
        resting = false
        state = ServiceState.STOPPED
        val reason = next
        next = null
        if (reason == null || keepAlives.isEmpty()) return release()
        release(keepAlives.size - 1)
        begin(reason)
    }

    // The run is still there, so no other may begin; but what kept it alive has no time left.
    private fun overdue() {
        late = true
        refuse(BgsvcError("stopTimeout", "the run has not ended in time", "watch `ctx.shutdown` in `run`"))
    }

    private fun report(error: BgsvcError) {
        val data =
            JSONObject()
                .put("code", error.code)
                .put("message", error.message)
                .put("fix", error.fix)
        publish(BgsvcEvent(definition.name, 0, 0, System.currentTimeMillis() / MILLIS, "error", data))
    }

    private fun release(count: Int = keepAlives.size) =
        keepAlives.take(count).forEach {
            keepAlives -= it
            it.release()
        }

    private fun message(type: String) = JSONObject().put("type", type).put("service", definition.name)

    private companion object {
        const val MILLIS = 1000.0
        const val MARGIN_MILLIS = 2_000L
        val FOREGROUND = RunMode.FOREGROUND_SERVICE
        val RESTING = setOf("idle", "stopped")
    }
}
