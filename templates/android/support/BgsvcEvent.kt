package dev.bgsvc

import org.json.JSONObject

/**
 * An event of a service.
 *
 * @property service the service's name.
 * @property run the number of the run it belongs to; 0 for an error that Android's side reports.
 * @property seq the event's number among the service's events in this process; 0 as above.
 * @property time seconds since the Unix epoch.
 * @property event `started`, `stopped`, `error`, or a name that the service chose.
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

/** Receives events on the main thread, in the order in which they were sent. */
fun interface BgsvcListener {
    /** Receives one event. */
    fun onEvent(event: BgsvcEvent)
}

/**
 * An error of a service or of the platform.
 *
 * @property code a stable name for programs, the same in Python and Kotlin.
 * @property message what went wrong, for people.
 * @property fix what to do about it; empty if that is unknown.
 */
class BgsvcError(
    val code: String,
    val message: String,
    val fix: String = "",
) {
    override fun toString(): String = "$code: $message"
}

/** Receives Python's answer on the main thread. */
interface BgsvcAnswer {
    /** Receives the answer as a JSON object. */
    fun onAnswer(json: String)

    /** Receives the reason why there is no answer. */
    fun onError(error: BgsvcError)
}

/** The result of a request to start a service or to schedule a job. */
sealed interface StartResult {
    /** Android has accepted the request; events report what happens to the run. */
    data object Accepted : StartResult

    /** Android has refused the request; [error] says why. */
    class Refused internal constructor(
        val error: BgsvcError,
    ) : StartResult
}
