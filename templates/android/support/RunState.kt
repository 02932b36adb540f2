package dev.bgsvc

/**
 * Where one service is in its life cycle, with all the data that its next transition depends on.
 *
 * [ServiceRuns] holds the one current state and changes it only by [transition].
 */
internal sealed interface RunState {
    /** What the app sees of this state. */
    val serviceState: ServiceState

    /** No run was requested in this process. */
    data class Idle(
        override val isDesiredStateCleared: Boolean = false,
    ) : NotLive {
        override val serviceState get() = ServiceState.IDLE

        override fun withCleared(isCleared: Boolean) = Idle(isCleared)
    }

    /** Python has been asked to start a run and has not sent `started` yet. */
    data object Starting : Active {
        override val serviceState get() = ServiceState.INITIALIZING
    }

    /** Python has sent `started`. */
    data object Running : Active {
        override val serviceState get() = ServiceState.RUNNING
    }

    /** The last run failed, and Python starts the next one after a pause. */
    data object Restarting : Active {
        override val serviceState get() = ServiceState.INITIALIZING
    }

    /**
     * Python has been asked to end the run and has not sent the last `stopped` yet.
     *
     * @property phase what the end is waiting for.
     * @property isOverdue whether the time for it is up, and nothing keeps the process alive.
     * @property next why another run starts after this one; null if none does.
     */
    data class Stopping(
        val phase: StopPhase,
        val isOverdue: Boolean = false,
        val next: StartReason? = null,
        override val isDesiredStateCleared: Boolean = false,
    ) : RunState {
        override val serviceState get() = ServiceState.STOPPING
    }

    /** The last run has ended. */
    data class Stopped(
        override val isDesiredStateCleared: Boolean = false,
    ) : NotLive {
        override val serviceState get() = ServiceState.STOPPED

        override fun withCleared(isCleared: Boolean) = Stopped(isCleared)
    }

    /** Whether a stop has cleared the desired state since the last start. */
    val isDesiredStateCleared: Boolean get() = false

    /** The states in which a run is under way and nobody has asked it to end. */
    sealed interface Active : RunState

    /** The states without a run. */
    sealed interface NotLive : RunState {
        /** Returns this state with another [isDesiredStateCleared]. */
        fun withCleared(isCleared: Boolean): NotLive
    }
}

/** What [RunState.Stopping] is waiting for. */
internal enum class StopPhase {
    /** A run that has to end: Python sends `stopped`. */
    RUN_ENDING,

    /** The pause before a restart: Python's reply to the stop says whether there is still a run. */
    BETWEEN_RUNS,

    /** The last `stopped`, which may follow the reply that says there is no run any more. */
    NO_RUN,
}

/** What happens to a service. */
internal sealed interface RunEvent {
    /** A run is requested. */
    data class Start(
        val reason: StartReason,
    ) : RunEvent

    /** The run is asked to end. */
    data class Stop(
        val reason: StopReason,
    ) : RunEvent

    /** Android's time limit is reached: the run has [graceMillis] left. */
    data class TimeLimit(
        val graceMillis: Long,
    ) : RunEvent

    /** Nothing keeps the process alive any more, because of [reason]. */
    data class KeepAliveLost(
        val reason: StopReason,
    ) : RunEvent

    /** The user pressed [button] on a notification. */
    data class ButtonPressed(
        val notification: String,
        val button: String,
    ) : RunEvent

    /** A command to the service was handled that starts no run. */
    data object CommandWithoutRun : RunEvent

    /** Python replied to the start with an error, or could not be asked. */
    data object StartFailed : RunEvent

    /** Python sent `started`. */
    data object Started : RunEvent

    /** Python sent `stopped`, and whether it starts another run by itself after a pause. */
    data class Stopped(
        val willRestart: Boolean,
        val clearsDesiredState: Boolean = false,
    ) : RunEvent

    /** Python sent `restart_failed`: the pause is over, and no run follows. */
    data object RestartFailed : RunEvent

    /** Python replied to a stop; [hasRun] is false if it has no run, or could not be asked. */
    data class StopReply(
        val hasRun: Boolean,
    ) : RunEvent

    /** The time for a stop is up. */
    data object StopDeadline : RunEvent
}

/** What [ServiceRuns] does after a transition. */
internal sealed interface RunAction {
    /** Asks Python to start a run. */
    data class RequestStart(
        val reason: StartReason,
    ) : RunAction

    /** Asks Python to end the run; a time limit leaves [remainingMillis], null without a limit. */
    data class RequestStop(
        val reason: StopReason,
        val remainingMillis: Long? = null,
    ) : RunAction

    /** Tells Python that Android's time limit leaves the run [remainingMillis]. */
    data class RequestExpire(
        val remainingMillis: Long,
    ) : RunAction

    /** Sends the press of [button] to Python. */
    data class RequestButton(
        val notification: String,
        val button: String,
    ) : RunAction

    /** Arms the stop timer with [timeoutMillis]; null is the service's own stop timeout. */
    data class ArmStopTimer(
        val timeoutMillis: Long? = null,
    ) : RunAction

    /** Cancels the stop timer. */
    data object CancelStopTimer : RunAction

    /** Publishes the event `error`: a start was refused because the previous run has not ended. */
    data object ReportStillStopping : RunAction

    /** Publishes the event `error`: the run has not ended in time. */
    data object ReportStopTimeout : RunAction

    /** Releases everything that keeps the process alive. */
    data object Release : RunAction

    /** Starts the next run on the last keep-alive that was added, and releases the others. */
    data class StartNext(
        val reason: StartReason,
    ) : RunAction
}
