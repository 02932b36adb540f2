package dev.bgsvc

import android.app.Application
import android.content.Context
import android.os.Build
import org.json.JSONObject
import java.io.File
import java.util.Locale
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList

/** All that there is once in a process: Python, what runs in it, and who listens. On the main thread only. */
internal object BgsvcProcess {
    /** Who hears of events; from any thread. */
    val listeners = CopyOnWriteArrayList<BgsvcListener>()

    /** What embeds Python in place of the host that the spec names; from any thread. */
    @Volatile
    var installedHost: PythonHost? = null

    private val states = ConcurrentHashMap<String, ServiceState>()
    private val running = HashMap<String, ServiceRuns>()
    private val notifications = HashMap<String, Notifications>()
    private var python: PythonBridge? = null
    private var app: Application? = null
    private var tasks: FiniteTasks? = null

    /** Returns where the service [name] is in its life; from any thread. */
    fun state(name: String): ServiceState = states[name] ?: ServiceState.IDLE

    /** Returns the runs of the service [name], if it has been started in this process. */
    fun runs(name: String): ServiceRuns? = running[name]

    /** Returns the runs of the service that [definition] describes. */
    fun runs(
        definition: ServiceDefinition,
        context: Context,
    ): ServiceRuns {
        val bridge = python ?: connect(context, definition)
        finiteTasks(context.applicationContext as Application)
        return running.getOrPut(definition.name) {
            LastExit.settle(context, definition.name)
            ServiceRuns(definition, bridge, ::publish) { states[definition.name] = it }
        }
    }

    /** Returns the notifications of the service that [definition] describes. */
    fun notifications(
        definition: ServiceDefinition,
        context: Context,
    ): Notifications = notifications.getOrPut(definition.name) { Notifications(context.applicationContext, definition) }

    /** Returns what the app has to finish when the user leaves it. */
    fun finiteTasks(app: Application): FiniteTasks {
        val known = tasks
        if (known != null && this.app === app) return known
        this.app = app
        return FiniteTasks(app, ::tellAppState).also { tasks = it }
    }

    /** Asks Python, and returns whether there is one in this process. */
    fun ask(
        message: JSONObject,
        onReply: (PythonBridge.Reply) -> Unit = {},
    ): Boolean {
        python?.request(message, onReply)
        return python != null
    }

    private fun connect(
        context: Context,
        definition: ServiceDefinition,
    ): PythonBridge {
        val host = installedHost ?: definition.createPythonHost(context)
        val hello =
            JSONObject()
                .put("type", "hello")
                .put("platform", "android")
                .put("mode", definition.mode.wire)
                .put("app", context.packageName)
                .put("dataDir", File(Declared.storageOf(context).filesDir, "bgsvc").path)
                .put("apiLevel", Build.VERSION.SDK_INT)
                .put("targetSdk", context.applicationInfo.targetSdkVersion)
                .put("language", Locale.getDefault().toLanguageTag())
        val bridge = PythonBridge(host, hello, ::take)
        python = bridge
        tasks?.tell()
        return bridge
    }

    private fun tellAppState(
        isVisible: Boolean,
        remaining: Double?,
    ) {
        val message = JSONObject().put("type", "appState").put("state", if (isVisible) "active" else "background")
        ask(message.putOpt("remaining", remaining))
    }

    private fun take(message: JSONObject) {
        when (message.getString("type")) {
            "event" -> publish(eventOf(message))
            "notification" -> show(message.getString("service"), message)
            "desiredState" -> want(message.getString("service"), message.getBoolean("running"))
            "finiteTask" -> finish(message.getString("task"), message.getString("op"))
        }
    }

    // The own notification of a service that has ended would stay for ever.
    private fun show(
        name: String,
        message: JSONObject,
    ) {
        val isLate = message.getString("key") == Notifications.OWN && running[name]?.isLive != true
        if (!isLate) notifications[name]?.take(message)
    }

    private fun want(
        name: String,
        running: Boolean,
    ) {
        app?.let { Ledger(it).want(name, running) }
    }

    private fun finish(
        task: String,
        op: String,
    ) {
        val expired = JSONObject().put("type", "finiteTaskExpire").put("task", task)
        when (op) {
            "begin" -> tasks?.begin(FiniteTask({ ask(expired) }, {}, task))
            "end" -> tasks?.end(task)
        }
    }

    private fun eventOf(message: JSONObject) =
        BgsvcEvent(
            service = message.getString("service"),
            run = message.getInt("run"),
            seq = message.getInt("seq"),
            time = message.getDouble("time"),
            event = message.getString("event"),
            data = message.optJSONObject("data") ?: JSONObject(),
        )

    // A service changes its state before its listeners hear why.
    private fun publish(event: BgsvcEvent) {
        if (event.run > 0) {
            app?.let { Ledger(it).take(event) }
            running[event.service]?.onEvent(event)
            if (event.event == "stopped") notifications[event.service]?.forget()
        }
        listeners.forEach { it.onEvent(event) }
    }
}
