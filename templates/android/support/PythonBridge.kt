package dev.bgsvc

import android.os.Handler
import android.os.Looper
import android.util.Log
import org.json.JSONException
import org.json.JSONObject
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors

/**
 * The bridge's Android end: requests go to Python on one worker thread, in order; replies and
 * what Python sends come back on the main thread, in order.
 */
internal class PythonBridge(
    private val host: PythonHost,
    private val hello: JSONObject,
    private val inbox: (JSONObject) -> Unit,
) {
    private val main = Handler(Looper.getMainLooper())
    private val worker: ExecutorService =
        Executors.newSingleThreadExecutor { task ->
            Thread(task, "bgsvc-python").apply { isDaemon = true }
        }

    // Both on the worker thread only.
    private var attached = false
    private var lastId = 0

    /** Sends [message] and hands Python's reply to [onReply]. */
    fun request(
        message: JSONObject,
        onReply: (Reply) -> Unit = {},
    ) = worker.execute {
        val reply = answer(message)
        main.post { onReply(reply) }
    }

    // Whatever goes wrong in Python or in loading it is a reply here, never a crash of the app.
    @Suppress("TooGenericExceptionCaught")
    private fun answer(message: JSONObject): Reply =
        try {
            if (!attached) attach()
            ask(message)
        } catch (e: Exception) {
            Reply.Failed(unavailable(e))
        } catch (e: LinkageError) {
            Reply.Failed(unavailable(e))
        }

    private fun attach() {
        host.attach { text -> main.post { take(text) } }
        val reply = ask(hello.put("host", host.name))
        check(reply is Reply.Ok) { "Python refused the greeting: $reply" }
        attached = true
    }

    private fun take(text: String) =
        try {
            inbox(JSONObject(text))
        } catch (e: JSONException) {
            Log.e("bgsvc", "a message from Python cannot be read: $text", e)
        }

    private fun ask(message: JSONObject): Reply {
        lastId += 1
        message.put("v", PROTOCOL).put("id", lastId.toString())
        return parse(host.receive(message.toString()))
    }

    private fun parse(text: String): Reply =
        try {
            val reply = JSONObject(text)
            if (reply.getBoolean("ok")) {
                Reply.Ok(reply.optJSONObject("result") ?: JSONObject())
            } else {
                Reply.Failed(errorOf(reply.getJSONObject("error")))
            }
        } catch (e: JSONException) {
            Reply.Failed(BgsvcError("messageInvalid", "Python's reply cannot be read: ${e.message}"))
        }

    private fun errorOf(fields: JSONObject) =
        BgsvcError(fields.getString("code"), fields.getString("message"), fields.optString("fix"))

    private fun unavailable(cause: Throwable) = BgsvcError("platform", "there is no Python: ${cause.message ?: cause}")

    /** What Python answered. */
    sealed interface Reply {
        /** Hands the reply to the app. */
        fun handTo(taker: BgsvcAnswer) =
            when (this) {
                is Ok -> taker.onAnswer(result.toString())
                is Failed -> taker.onError(error)
            }

        /** It did as asked. */
        class Ok(
            val result: JSONObject,
        ) : Reply

        /** It did not, or could not be asked. */
        class Failed(
            val error: BgsvcError,
        ) : Reply {
            override fun toString(): String = error.toString()
        }
    }

    private companion object {
        const val PROTOCOL = 1
    }
}
