package dev.bgsvc

import org.json.JSONObject

/**
 * One thing that happened to a service.
 *
 * @property service the service's name.
 * @property run which run it belongs to; 0 for what Android's side says before there is one.
 * @property seq counts the service's events in this process; 0 for those of Android's side.
 * @property time seconds since the Unix epoch.
 * @property event `started`, `stopped`, `error`, or a name of the service's own.
 * @property data what the event carries.
 */
class BgsvcEvent internal constructor(
    val service: String,
    val run: Int,
    val seq: Int,
    val time: Double,
    val event: String,
    val data: JSONObject,
) {
    override fun toString(): String = "$service#$run.$seq $event $data"
}

/** Takes events, on the main thread, in the order in which they were sent. */
fun interface BgsvcListener {
    /** Takes one event. */
    fun onEvent(event: BgsvcEvent)
}

/**
 * Something that did not work.
 *
 * @property code a stable word for programs, the same in Python and Kotlin.
 * @property message what went wrong, for people.
 * @property fix what to do about it; empty where nobody knows.
 */
class BgsvcError(
    val code: String,
    val message: String,
    val fix: String = "",
) {
    override fun toString(): String = "$code: $message"
}

/** Takes an answer of Python's, on the main thread. */
interface BgsvcAnswer {
    /** Takes what was asked for, as a JSON object. */
    fun onAnswer(json: String)

    /** Takes the reason why there is no answer. */
    fun onError(error: BgsvcError)
}

/** What became of a wish to start a service. */
sealed interface StartResult {
    /** Android has taken the wish; what becomes of the run arrives as events. */
    data object Accepted : StartResult

    /** Android has refused it, for the reason [error]. */
    class Refused internal constructor(
        val error: BgsvcError,
    ) : StartResult
}
