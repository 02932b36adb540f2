package dev.bgsvc

import android.content.Context
import com.chaquo.python.PyObject
import com.chaquo.python.Python
import com.chaquo.python.android.AndroidPlatform

/** Embeds Python by Chaquopy, which starts it from the app's assets. */
class ChaquopyHost(
    context: Context,
) : PythonHost {
    private val context = context.applicationContext
    private lateinit var receive: PyObject

    override val name: String get() = "chaquopy"

    override fun attach(sink: MessageSink) {
        startPython()
        val bridge = Python.getInstance().getModule("bgsvc.bridge")
        bridge.callAttr("attach", checkNotNull(PyObject.fromJava(sink)["send"]))
        receive = checkNotNull(bridge["receive"])
    }

    override fun receive(message: String): String = receive.call(message).toString()

    // The app may start Python too, even between this check and the start.
    private fun startPython() {
        if (Python.isStarted()) return
        try {
            Python.start(AndroidPlatform(context))
        } catch (e: IllegalStateException) {
            if (!Python.isStarted()) throw e
        }
    }
}
