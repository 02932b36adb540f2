package dev.bgsvc

import android.os.Handler
import android.os.Looper
import android.util.Log
import org.json.JSONException
import org.json.JSONObject
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors

/**
 * Android's end of the bridge.
 *
 * Requests go to Python on one worker thread, in order. Replies and Python's own messages come back
 * on the main thread, in order.
 */
internal class PythonBridge(
    private val host: PythonHost,
    private val hello: JSONObject,
    private val onMessage: (JSONObject) -> Unit,
) {
    private val main = Handler(Looper.getMainLooper())
    private val worker: ExecutorService =
        Executors.newSingleThreadExecutor { task ->
            Thread(task, "bgsvc-python").apply { isDaemon = true }
        }

    // Both are used on the worker thread only.
    private var isAttached = false
    private var lastId = 0

    /** Sends [message] and hands Python's reply to [onReply]. */
    fun request(
        message: JSONObject,
        onReply: (Reply) -> Unit = {},
    ) = worker.execute {
        val reply = replyTo(message)
        main.post { onReply(reply) }
    }

    // Any failure in Python, or in loading it, becomes a reply: the app must not crash.
    @Suppress("TooGenericExceptionCaught")
    private fun replyTo(message: JSONObject): Reply =
        try {
            if (!isAttached) attach()
            exchange(message)
        } catch (e: Exception) {
            Reply.Failed(unavailableError(e))
        } catch (e: LinkageError) {
            Reply.Failed(unavailableError(e))
        }

    private fun attach() {
        host.attach { text -> main.post { receive(text) } }
        val reply = exchange(hello.put("host", host.name))
        check(reply is Reply.Ok) { "Python refused the message `hello`: $reply" }
        isAttached = true
    }

    private fun receive(text: String) =
        try {
            onMessage(JSONObject(text))
        } catch (e: JSONException) {
            Log.e("bgsvc", "cannot read a message from Python: $text", e)
        }

    private fun exchange(message: JSONObject): Reply {
        lastId += 1
        message.put("v", PROTOCOL_VERSION).put("id", lastId.toString())
        return parseReply(host.receive(message.toString()))
    }

    private fun parseReply(text: String): Reply =
        try {
            val reply = JSONObject(text)
            if (reply.getBoolean("ok")) {
                Reply.Ok(reply.optJSONObject("result") ?: JSONObject())
            } else {
                Reply.Failed(parseError(reply.getJSONObject("error")))
            }
        } catch (e: JSONException) {
            Reply.Failed(BgsvcError("messageInvalid", "cannot read Python's reply: ${e.message}"))
        }

    private fun parseError(fields: JSONObject) =
        BgsvcError(fields.getString("code"), fields.getString("message"), fields.optString("fix"))

    private fun unavailableError(cause: Throwable) =
        BgsvcError("platform", "Python is not available: ${cause.message ?: cause}")

    /** What Python replied to a request. */
    sealed interface Reply {
        /** Hands the reply to the app's [answer]. */
        fun handTo(answer: BgsvcAnswer) =
            when (this) {
                is Ok -> answer.onAnswer(result.toString())
                is Failed -> answer.onError(error)
            }

        /** Python did what was requested. */
        class Ok(
            val result: JSONObject,
        ) : Reply

        /** Python did not, or could not be asked. */
        class Failed(
            val error: BgsvcError,
        ) : Reply {
            override fun toString(): String = error.toString()
        }
    }

    private companion object {
        const val PROTOCOL_VERSION = 1
    }
}
