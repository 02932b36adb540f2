package dev.bgsvc

import org.junit.Assert.assertEquals
import org.junit.Test
import java.io.File

private const val GRACE_MILLIS = 8_000L

/** The life cycle of a service, compared with its documented table: every state, every event. */
class RunTransitionTest {
    @Test
    fun `every cell of the documented table is what the life cycle does`() {
        val keys = EVENTS.keys.flatMap { event -> STATES.keys.map { event to it } }
        val actual = keys.associateWith { (event, state) -> cell(event, state) }
        val documented = documentedCells()

        assertEquals(markdown(actual), emptySet<Any>(), actual.entries - documented.entries)
        assertEquals(markdown(actual), actual.keys, documented.keys)
    }

    @Test
    fun `every state has the documented state of the app's view`() {
        val actual = STATES.mapValues { (_, states) -> states.map { it.serviceState.name }.toSet() }
        val documented = rows().filter { it.size == 3 && it[0] in STATES }.associate { it[0] to setOf(it[1]) }

        assertEquals(actual, documented)
    }

    @Test
    fun `every class of a state, an event and an action is documented`() {
        val documented = rows().filter { it.size == 2 }.map { it[0] }.toSet()
        val actions = leaves(RunAction::class.java).map { it.simpleName }

        assertEquals(leaves(RunState::class.java), classesOf(STATES))
        assertEquals(leaves(RunEvent::class.java), classesOf(EVENTS))
        assertEquals(actions.toSet(), documented - EVENTS.keys - HEADERS)
    }

    @Test
    fun `every action has the reason and the time of its event`() {
        forEachCell { state, event ->
            for (action in transition(state, event).actions) {
                assertEquals("$state $event", expectedAction(action, state, event), action)
            }
        }
    }

    @Test
    fun `only a stop for a clearing reason clears the desired state`() {
        forEachCell { state, event ->
            val expected =
                when {
                    event is RunEvent.Stop -> event.reason.clearsDesiredState
                    event is RunEvent.KeepAliveLost && state is RunState.Active -> event.reason.clearsDesiredState
                    event is RunEvent.Start && state is RunState.NotLive -> false
                    event is RunEvent.Stopped && event.willRestart && state is RunState.Active -> false
                    event is RunEvent.Stopped -> state.isDesiredStateCleared || event.clearsDesiredState
                    else -> state.isDesiredStateCleared
                }

            assertEquals("$state $event", expected, transition(state, event).state.isDesiredStateCleared)
        }
    }

    @Test
    fun `the stop timer runs in stopping states only`() {
        forEachCell { state, event ->
            val actions = transition(state, event).actions
            val next = transition(state, event).state
            val arms = actions.any { it is RunAction.ArmStopTimer }
            if (arms) assertEquals("$state $event", true, next is RunState.Stopping)
            if (state is RunState.Stopping && next !is RunState.Stopping) {
                assertEquals("$state $event", RunAction.CancelStopTimer, actions.first())
            }
        }
    }

    private fun expectedAction(
        action: RunAction,
        state: RunState,
        event: RunEvent,
    ): RunAction =
        when (action) {
            is RunAction.RequestStart -> RunAction.RequestStart((event as RunEvent.Start).reason)
            is RunAction.RequestStop -> expectedStop(event)
            is RunAction.RequestExpire -> RunAction.RequestExpire(GRACE_MILLIS)
            is RunAction.RequestButton -> RunAction.RequestButton("foreground", "pause")
            is RunAction.ArmStopTimer -> RunAction.ArmStopTimer(GRACE_MILLIS.takeIf { event is RunEvent.TimeLimit })
            is RunAction.StartNext -> RunAction.StartNext(checkNotNull((state as RunState.Stopping).next))
            else -> action
        }

    private fun expectedStop(event: RunEvent): RunAction =
        when (event) {
            is RunEvent.Stop -> RunAction.RequestStop(event.reason)
            is RunEvent.KeepAliveLost -> RunAction.RequestStop(event.reason)
            is RunEvent.TimeLimit -> RunAction.RequestStop(StopReason.PLATFORM_TIMEOUT, GRACE_MILLIS)
            else -> throw AssertionError("$event requests no stop")
        }

    private fun forEachCell(check: (RunState, RunEvent) -> Unit) {
        for (state in STATES.values.flatten()) EVENTS.values.flatten().forEach { check(state, it) }
    }

    private fun leaves(type: Class<*>): Set<Class<*>> =
        if (type.isInterface) type.permittedSubclasses.flatMap(::leaves).toSet() else setOf(type)

    private fun classesOf(variants: Map<String, List<Any>>): Set<Class<*>> =
        variants.values.flatMap { each -> each.map { it.javaClass } }.toSet()

    private fun cell(
        event: String,
        state: String,
    ): String {
        val (queued, plain) = STATES.getValue(state).partition { it is RunState.Stopping && it.next != null }
        val without = describe(event, plain)
        if (queued.isEmpty()) return without
        val with = describe(event, queued)
        return when (without) {
            with, with.removePrefix("drop next, ") -> with
            else -> "$without; with next: $with"
        }
    }

    // What the variants of a state have in common: their data is asserted by the other tests.
    private fun describe(
        event: String,
        states: List<RunState>,
    ): String =
        states
            .flatMap { state -> EVENTS.getValue(event).map { describe(state, transition(state, it)) } }
            .distinct()
            .single()

    private fun describe(
        before: RunState,
        transition: RunTransition,
    ): String {
        val after = transition.state
        val actions = transition.actions.map { it::class.java.simpleName }
        if (after is RunState.Stopped && before !is RunState.NotLive) {
            val last = if ((before as? RunState.Stopping)?.next == null) "Release" else "StartNext"
            assertEquals(listOf("CancelStopTimer", last), actions)
            return "end"
        }
        val name = nameOf(after).takeIf { it != nameOf(before) }
        val steps = (listOfNotNull(queueChange(before, after)) + actions).joinToString()
        return listOfNotNull(name, steps.ifEmpty { null }).joinToString(": ").ifEmpty { "-" }
    }

    private fun queueChange(
        before: RunState,
        after: RunState,
    ): String? {
        if (before !is RunState.Stopping || after !is RunState.Stopping || before.next == after.next) return null
        return if (after.next == null) "drop next" else "set next"
    }

    private fun nameOf(state: RunState): String {
        val withoutNext = if (state is RunState.Stopping) state.copy(next = null) else state
        return STATES.entries.single { withoutNext in it.value }.key
    }

    private fun documentedCells(): Map<Pair<String, String>, String> {
        var states = emptyList<String>()
        val cells = HashMap<Pair<String, String>, String>()
        for (row in rows()) {
            if (row[0] == "event") states = row.drop(1).filter { it in STATES }
            if (row[0] in EVENTS) {
                states.zip(row.drop(1)).forEach { (state, cell) -> cells[row[0] to state] = cell }
            }
        }
        return cells
    }

    private fun rows(): List<List<String>> =
        File(System.getProperty("bgsvc.test.states"))
            .readLines()
            .filter { it.startsWith("|") }
            .map { line -> line.trim('|').split('|').map { it.replace("`", "").trim() } }

    private fun markdown(cells: Map<Pair<String, String>, String>): String =
        STATES.keys.chunked(3).joinToString("\n\n", "docs/android-states.md has to have these cells:\n") { states ->
            EVENTS.keys.joinToString("\n") { event ->
                "| $event | ${states.joinToString(" | ") { cells.getValue(event to it) }} |"
            }
        }

    private companion object {
        /** The first cells of the table of events and of the table of actions. */
        val HEADERS = setOf("event", "action", "---")
        private val flags = listOf(false, true)
        private val nexts = listOf(null, StartReason.USER, StartReason.BOOT)

        private fun stopping(
            phase: StopPhase,
            isOverdue: Boolean,
        ): List<RunState> =
            flags.flatMap { isCleared ->
                nexts.map { next -> RunState.Stopping(phase, isOverdue, next, isCleared) }
            }

        /** Every state by its name in the documentation, with all the data that it can have. */
        val STATES: Map<String, List<RunState>> =
            mapOf(
                "Idle" to flags.map { RunState.Idle(it) },
                "Starting" to listOf(RunState.Starting),
                "Running" to listOf(RunState.Running),
                "Restarting" to listOf(RunState.Restarting),
                "Stopped" to flags.map { RunState.Stopped(it) },
                "Stopping" to stopping(StopPhase.RUN_ENDING, false),
                "Stopping between runs" to stopping(StopPhase.BETWEEN_RUNS, false),
                "Stopping without run" to stopping(StopPhase.NO_RUN, false),
                "Overdue" to stopping(StopPhase.RUN_ENDING, true),
                "Overdue between runs" to stopping(StopPhase.BETWEEN_RUNS, true),
                "Overdue without run" to stopping(StopPhase.NO_RUN, true),
            )

        /** Every event by its name in the documentation, with all the data that matters. */
        val EVENTS: Map<String, List<RunEvent>> =
            mapOf(
                "Start" to listOf(RunEvent.Start(StartReason.APP)),
                "Stop" to StopReason.entries.map { RunEvent.Stop(it) },
                "TimeLimit" to listOf(RunEvent.TimeLimit(GRACE_MILLIS)),
                "KeepAliveLost" to StopReason.entries.map { RunEvent.KeepAliveLost(it) },
                "ButtonPressed" to listOf(RunEvent.ButtonPressed("foreground", "pause")),
                "CommandWithoutRun" to listOf(RunEvent.CommandWithoutRun),
                "StartFailed" to listOf(RunEvent.StartFailed),
                "Started" to listOf(RunEvent.Started),
                "Stopped" to flags.map { RunEvent.Stopped(willRestart = false, clearsDesiredState = it) },
                "Stopped, will restart" to flags.map { RunEvent.Stopped(willRestart = true, clearsDesiredState = it) },
                "RestartFailed" to listOf(RunEvent.RestartFailed),
                "StopReply, has run" to listOf(RunEvent.StopReply(hasRun = true)),
                "StopReply, no run" to listOf(RunEvent.StopReply(hasRun = false)),
                "StopDeadline" to listOf(RunEvent.StopDeadline),
            )
    }
}
