package dev.bgsvc

import android.os.Handler
import android.os.Looper
import org.json.JSONObject

/**
 * One service's runs in this process, one after the other.
 *
 * It holds the service's one [RunState] and alone changes it, always by [transition]. Confined to
 * the main thread.
 */
internal class ServiceRuns(
    private val definition: ServiceDefinition,
    private val python: PythonBridge,
    private val publish: (BgsvcEvent) -> Unit,
    private val onState: (ServiceState) -> Unit,
) {
    /** What keeps the process alive during a run: a foreground service, or a job. */
    interface KeepAlive {
        /** What a run on it runs in. */
        val mode: RunMode

        /** Ends it: there is nothing left to stay alive for. */
        fun release()
    }

    private val main = Handler(Looper.getMainLooper())
    private val onStopDeadline = Runnable { handle(RunEvent.StopDeadline) }

    // After a time limit a job may start while the service is stopping: the next run uses the last.
    private val keepAlives = LinkedHashSet<KeepAlive>()

    private var state: RunState = RunState.Idle()

    /** Whether a run is under way, or one that has not ended yet. */
    val isLive get() = state !is RunState.NotLive

    /** Whether a stop has cleared the desired state since the last start. */
    val isDesiredStateCleared get() = state.isDesiredStateCleared

    /** Lets [keepAlive] keep the process alive until it is released. */
    fun hold(keepAlive: KeepAlive) {
        keepAlives -= keepAlive
        keepAlives += keepAlive
    }

    /** Starts a run; one that is live goes on instead, and one that is stopping is awaited. */
    fun start(reason: StartReason) = handle(RunEvent.Start(reason))

    /** Publishes why Android cannot do what was asked; a live run goes on. */
    fun refuse(error: BgsvcError) {
        report(error)
        releaseIfIdle()
    }

    /** Asks the run to end for [reason]. */
    fun stop(reason: StopReason) = handle(RunEvent.Stop(reason))

    /** Passes on that Android's time limit is reached: the run must end within [graceMillis]. */
    fun expire(graceMillis: Long) = handle(RunEvent.TimeLimit(graceMillis))

    /** Forgets [keepAlive], which has ended; asks a run that used it alone to end for [reason]. */
    fun remove(
        keepAlive: KeepAlive,
        reason: StopReason,
    ) {
        if (keepAlives.remove(keepAlive) && keepAlives.isEmpty()) handle(RunEvent.KeepAliveLost(reason))
    }

    /** Passes on that the user pressed [button] of the service's [notification]. */
    fun pressButton(
        notification: String,
        button: String,
    ) = handle(RunEvent.ButtonPressed(notification, button))

    /** Releases what keeps the process alive, unless a run needs it. */
    fun releaseIfIdle() = handle(RunEvent.CommandWithoutRun)

    /** Takes an event of this service. */
    fun onEvent(event: BgsvcEvent) {
        when (event.event) {
            "started" -> handle(RunEvent.Started)
            "stopped" -> handle(stoppedEvent(event.data))
            "restart_failed" -> handle(RunEvent.RestartFailed)
        }
    }

    private fun stoppedEvent(data: JSONObject): RunEvent.Stopped {
        val reason = StopReason.entries.find { it.wire == data.optString("reason") }
        return RunEvent.Stopped(data.has("restartIn"), reason?.clearsDesiredState == true)
    }

    private fun handle(event: RunEvent) {
        val transition = transition(state, event)
        state = transition.state
        onState(state.serviceState)
        transition.actions.forEach(::perform)
    }

    private fun perform(action: RunAction) {
        when (action) {
            is RunAction.RequestStart -> requestStart(action.reason)
            is RunAction.RequestStop -> requestStop(action.reason, action.remainingMillis)
            is RunAction.RequestExpire -> requestExpire(action.remainingMillis)
            is RunAction.RequestButton -> requestButton(action.notification, action.button)
            is RunAction.ArmStopTimer -> armStopTimer(action.timeoutMillis)
            RunAction.CancelStopTimer -> main.removeCallbacks(onStopDeadline)
            RunAction.ReportStillStopping -> report(BgsvcError("stillStopping", "the previous run has not ended yet"))
            RunAction.ReportStopTimeout -> report(STOP_TIMEOUT)
            RunAction.Release -> release(keepAlives.toList())
            is RunAction.StartNext -> startNext(action.reason)
        }
    }

    private fun requestStart(reason: StartReason) {
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
                handle(RunEvent.StartFailed)
            }
        }
    }

    private fun requestStop(
        reason: StopReason,
        remainingMillis: Long?,
    ) {
        val request = message("stop").put("reason", reason.wire)
        python.request(request.putOpt("remaining", remainingMillis?.let { it / MILLIS_PER_SECOND }), ::onStopReply)
    }

    private fun requestExpire(remainingMillis: Long) {
        val request = message("expire").put("reason", StopReason.PLATFORM_TIMEOUT.wire)
        python.request(request.put("remaining", remainingMillis / MILLIS_PER_SECOND), ::onStopReply)
    }

    private fun onStopReply(reply: PythonBridge.Reply) {
        val hasRun = reply is PythonBridge.Reply.Ok && reply.result.optString("state") !in STATES_WITHOUT_RUN
        handle(RunEvent.StopReply(hasRun))
    }

    private fun requestButton(
        notification: String,
        button: String,
    ) = python.request(message("action").put("notification", notification).put("action", button))

    private fun armStopTimer(timeoutMillis: Long?) {
        main.removeCallbacks(onStopDeadline)
        main.postDelayed(onStopDeadline, timeoutMillis ?: (definition.stopTimeoutMillis + STOP_MARGIN_MILLIS))
    }

    private fun startNext(reason: StartReason) {
        val last = keepAlives.lastOrNull() ?: return
        release(keepAlives - last)
        handle(RunEvent.Start(reason))
    }

    private fun report(error: BgsvcError) {
        val data =
            JSONObject()
                .put("code", error.code)
                .put("message", error.message)
                .put("fix", error.fix)
        publish(BgsvcEvent(definition.name, 0, 0, System.currentTimeMillis() / MILLIS_PER_SECOND, "error", data))
    }

    private fun release(released: Collection<KeepAlive>) =
        released.forEach {
            keepAlives -= it
            it.release()
        }

    private fun message(type: String) = JSONObject().put("type", type).put("service", definition.name)

    private companion object {
        const val MILLIS_PER_SECOND = 1000.0

        /** What Python gets beyond the service's stop timeout, to end the run by itself first. */
        const val STOP_MARGIN_MILLIS = 2_000L
        val FOREGROUND = RunMode.FOREGROUND_SERVICE
        val STATES_WITHOUT_RUN = setOf("idle", "stopped")
        val STOP_TIMEOUT = BgsvcError("stopTimeout", "the run has not ended in time", "watch `ctx.shutdown` in `run`")
    }
}
