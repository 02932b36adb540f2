package dev.bgsvc.tests

import dev.bgsvc.MessageSink
import dev.bgsvc.PythonHost
import org.json.JSONObject
import java.util.concurrent.CopyOnWriteArrayList

/** In Python's place: writes down what is asked, answers as told, says what the test says. */
internal class Respondent : PythonHost {
    /** What a stop is answered with: where the service is by then. */
    @Volatile
    var state = "stopping"

    /** Whether a run ends when it is asked to. */
    @Volatile
    var obeys = true

    private val asked = CopyOnWriteArrayList<JSONObject>()
    private lateinit var sink: MessageSink

    override val name: String get() = "chaquopy"

    override fun attach(sink: MessageSink) {
        this.sink = sink
    }

    override fun receive(message: String): String {
        val request = JSONObject(message)
        asked += request
        if (obeys && request.getString("type") in ENDS) say("stopped")
        return JSONObject()
            .put("ok", true)
            .put("result", JSONObject().put("state", state))
            .toString()
    }

    fun say(message: JSONObject) = sink.send(message.toString())

    fun say(
        event: String,
        data: JSONObject = JSONObject(),
    ) = say(
        JSONObject()
            .put("type", "event")
            .put("service", "patient")
            .put("run", 1)
            .put("seq", 1)
            .put("time", 1.0)
            .put("event", event)
            .put("data", data),
    )

    fun askedFor(type: String) = asked.filter { it.getString("type") == type }

    /** Forgets what it was told and asked, but for the greeting, which comes once. */
    fun reset() {
        state = "stopping"
        obeys = true
        asked.removeIf { it.getString("type") != "hello" }
    }

    private companion object {
        val ENDS = setOf("stop", "expire")
    }
}
