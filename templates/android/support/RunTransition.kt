package dev.bgsvc

/**
 * The state that follows an event, and what has to be done then, in order.
 *
 * @property state the next state.
 * @property actions what [ServiceRuns] does once it is in that state.
 */
internal data class RunTransition(
    val state: RunState,
    val actions: List<RunAction> = emptyList(),
)

/**
 * Returns what [event] does to a service in [state].
 *
 * This is the whole life cycle, and it is pure: `docs/android-states.md` has it as a table.
 */
internal fun transition(
    state: RunState,
    event: RunEvent,
): RunTransition =
    when (state) {
        is RunState.NotLive -> fromNotLive(state, event)
        is RunState.Active -> fromActive(state, event)
        is RunState.Stopping -> fromStopping(state, event)
    }

private fun fromNotLive(
    state: RunState.NotLive,
    event: RunEvent,
): RunTransition =
    when (event) {
        is RunEvent.Start -> {
            RunTransition(RunState.Starting, listOf(RunAction.RequestStart(event.reason)))
        }

        is RunEvent.Stop -> {
            RunTransition(state.withCleared(event.reason.clearsDesiredState), listOf(RunAction.Release))
        }

        is RunEvent.TimeLimit, is RunEvent.ButtonPressed, RunEvent.CommandWithoutRun -> {
            RunTransition(state, listOf(RunAction.Release))
        }

        is RunEvent.Stopped -> {
            RunTransition(state.withCleared(state.isDesiredStateCleared || event.clearsDesiredState))
        }

        else -> {
            RunTransition(state)
        }
    }

private fun fromActive(
    state: RunState.Active,
    event: RunEvent,
): RunTransition {
    val phase = if (state == RunState.Restarting) StopPhase.BETWEEN_RUNS else StopPhase.RUN_ENDING
    return when (event) {
        is RunEvent.Stop -> stop(RunState.Stopping(phase), event.reason)
        is RunEvent.KeepAliveLost -> stop(RunState.Stopping(phase), event.reason)
        is RunEvent.TimeLimit -> expire(RunState.Stopping(phase), event.graceMillis)
        is RunEvent.ButtonPressed -> RunTransition(state, listOf(buttonRequest(event)))
        RunEvent.StartFailed, RunEvent.RestartFailed -> end()
        RunEvent.Started -> RunTransition(RunState.Running)
        is RunEvent.Stopped -> stopped(event)
        else -> RunTransition(state)
    }
}

private fun stopped(event: RunEvent.Stopped): RunTransition =
    if (event.willRestart) RunTransition(RunState.Restarting) else end(event.clearsDesiredState)

private fun fromStopping(
    state: RunState.Stopping,
    event: RunEvent,
): RunTransition =
    when (event) {
        is RunEvent.Start -> queueStart(state, event.reason)
        is RunEvent.Stop -> stop(state, event.reason)
        is RunEvent.TimeLimit -> expire(state, event.graceMillis)
        is RunEvent.ButtonPressed -> RunTransition(state, listOf(buttonRequest(event)) + releaseIfOverdue(state))
        RunEvent.CommandWithoutRun -> RunTransition(state, releaseIfOverdue(state))
        RunEvent.StartFailed, RunEvent.RestartFailed -> end(state.isDesiredStateCleared, state.next)
        RunEvent.Started -> RunTransition(state.copy(phase = state.phase.afterStarted()))
        is RunEvent.Stopped -> stoppedOnRequest(state, event)
        is RunEvent.StopReply -> stopReply(state, event.hasRun)
        RunEvent.StopDeadline -> overdue(state)
        is RunEvent.KeepAliveLost -> RunTransition(state)
    }

// The run is still there, so no other may start. But what keeps the process alive has no time left.
private fun overdue(state: RunState.Stopping): RunTransition =
    RunTransition(state.copy(isOverdue = true), listOf(RunAction.ReportStopTimeout, RunAction.Release))

private fun queueStart(
    state: RunState.Stopping,
    reason: StartReason,
): RunTransition =
    if (state.isOverdue) {
        RunTransition(state, listOf(RunAction.ReportStillStopping, RunAction.Release))
    } else {
        RunTransition(state.copy(next = reason))
    }

private fun stop(
    state: RunState.Stopping,
    reason: StopReason,
): RunTransition =
    RunTransition(
        state.copy(next = null, isDesiredStateCleared = reason.clearsDesiredState),
        listOf(RunAction.RequestStop(reason), RunAction.ArmStopTimer()),
    )

// Between two runs there is none to expire: what has to be prevented is the next one.
private fun expire(
    state: RunState.Stopping,
    graceMillis: Long,
): RunTransition {
    val request =
        if (state.phase == StopPhase.BETWEEN_RUNS) {
            RunAction.RequestStop(StopReason.PLATFORM_TIMEOUT, graceMillis)
        } else {
            RunAction.RequestExpire(graceMillis)
        }
    return RunTransition(state.copy(next = null), listOf(request, RunAction.ArmStopTimer(graceMillis)))
}

private fun stoppedOnRequest(
    state: RunState.Stopping,
    event: RunEvent.Stopped,
): RunTransition {
    val isCleared = state.isDesiredStateCleared || event.clearsDesiredState
    val isLast = !event.willRestart || state.next != null || state.phase == StopPhase.NO_RUN
    return if (isLast) {
        end(isCleared, state.next)
    } else {
        RunTransition(state.copy(phase = StopPhase.BETWEEN_RUNS, isDesiredStateCleared = isCleared))
    }
}

// A stop in the pause before a restart ends no run, so no `stopped` follows it. The `stopped` that
// began the pause may come before this reply, or after it.
private fun stopReply(
    state: RunState.Stopping,
    hasRun: Boolean,
): RunTransition =
    when {
        hasRun && state.phase == StopPhase.NO_RUN -> RunTransition(state.copy(phase = StopPhase.RUN_ENDING))
        hasRun -> RunTransition(state)
        state.phase == StopPhase.BETWEEN_RUNS -> end(state.isDesiredStateCleared, state.next)
        else -> RunTransition(state.copy(phase = StopPhase.NO_RUN))
    }

private fun StopPhase.afterStarted() = if (this == StopPhase.BETWEEN_RUNS) StopPhase.RUN_ENDING else this

private fun end(
    isDesiredStateCleared: Boolean = false,
    next: StartReason? = null,
): RunTransition =
    RunTransition(
        RunState.Stopped(isDesiredStateCleared),
        listOf(RunAction.CancelStopTimer, if (next == null) RunAction.Release else RunAction.StartNext(next)),
    )

private fun buttonRequest(event: RunEvent.ButtonPressed) = RunAction.RequestButton(event.notification, event.button)

private fun releaseIfOverdue(state: RunState.Stopping) = if (state.isOverdue) listOf(RunAction.Release) else emptyList()
