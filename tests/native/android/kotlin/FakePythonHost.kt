package dev.bgsvc.tests

import dev.bgsvc.MessageSink
import dev.bgsvc.PythonHost
import org.json.JSONObject
import java.util.concurrent.CopyOnWriteArrayList

/** Stands in for Python: records requests, and replies and sends messages as the test says. */
internal class FakePythonHost : PythonHost {
    /** The state of the service in the reply to each request. */
    @Volatile
    var repliedState = "stopping"

    /** Whether a run ends at once when it is asked to. */
    @Volatile
    var endsRunOnRequest = true

    private val requests = CopyOnWriteArrayList<JSONObject>()
    private lateinit var sink: MessageSink

    override val name: String get() = "chaquopy"

    override fun attach(sink: MessageSink) {
        this.sink = sink
    }

    override fun receive(message: String): String {
        val request = JSONObject(message)
        requests += request
        if (endsRunOnRequest && request.getString("type") in END_REQUESTS) send("stopped")
        return JSONObject()
            .put("ok", true)
            .put("result", JSONObject().put("state", repliedState))
            .toString()
    }

    fun send(message: JSONObject) = sink.send(message.toString())

    fun send(
        event: String,
        data: JSONObject = JSONObject(),
    ) = send(
        JSONObject()
            .put("type", "event")
            .put("service", "patient")
            .put("run", 1)
            .put("seq", 1)
            .put("time", 1.0)
            .put("event", event)
            .put("data", data),
    )

    fun requests(type: String) = requests.filter { it.getString("type") == type }

    /** Restores the defaults and drops the recorded requests except `hello`, which is sent once. */
    fun reset() {
        repliedState = "stopping"
        endsRunOnRequest = true
        requests.removeIf { it.getString("type") != "hello" }
    }

    private companion object {
        val END_REQUESTS = setOf("stop", "expire")
    }
}
