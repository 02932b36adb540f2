package dev.bgsvc

import android.app.Application
import android.content.Context
import android.os.Build
import org.json.JSONObject
import java.io.File
import java.util.Locale
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList

/**
 * What exists once in a process: Python, the services' runs, and the app's listeners.
 *
 * Use it on the main thread only, unless a member says otherwise.
 */
internal object BgsvcProcess {
    /** The app's listeners; from any thread. */
    val listeners = CopyOnWriteArrayList<BgsvcListener>()

    /** What embeds Python in place of the host that the spec names; from any thread. */
    @Volatile
    var installedHost: PythonHost? = null

    private val states = ConcurrentHashMap<String, ServiceState>()
    private val runsByName = HashMap<String, ServiceRuns>()
    private val notificationsByName = HashMap<String, Notifications>()
    private var python: PythonBridge? = null
    private var app: Application? = null
    private var tasks: FiniteTasks? = null

    /** Returns where the service [name] is in its life cycle; from any thread. */
    fun state(name: String): ServiceState = states[name] ?: ServiceState.IDLE

    /** Returns the runs of the service [name], or null if it was not started in this process. */
    fun runs(name: String): ServiceRuns? = runsByName[name]

    /** Returns the runs of the service that [definition] describes. */
    fun runs(
        definition: ServiceDefinition,
        context: Context,
    ): ServiceRuns {
        val bridge = python ?: connect(context, definition)
        finiteTasks(context.applicationContext as Application)
        return runsByName.getOrPut(definition.name) {
            LastExit.closeLostRun(context, definition.name)
            ServiceRuns(definition, bridge, ::publish) { states[definition.name] = it }
        }
    }

    /** Returns the notifications of the service that [definition] describes. */
    fun notifications(
        definition: ServiceDefinition,
        context: Context,
    ): Notifications =
        notificationsByName.getOrPut(definition.name) { Notifications(context.applicationContext, definition) }

    /** Returns the app's finite tasks. */
    fun finiteTasks(app: Application): FiniteTasks {
        val existing = tasks
        if (existing != null && this.app === app) return existing
        this.app = app
        return FiniteTasks(app, ::sendAppState).also { tasks = it }
    }

    /** Sends [message] to Python; returns false if there is no Python in this process. */
    fun request(
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
                .put("dataDir", File(DeclaredService.storageContext(context).filesDir, "bgsvc").path)
                .put("apiLevel", Build.VERSION.SDK_INT)
                .put("targetSdk", context.applicationInfo.targetSdkVersion)
                .put("language", Locale.getDefault().toLanguageTag())
        val bridge = PythonBridge(host, hello, ::handle)
        python = bridge
        tasks?.reportAppState()
        return bridge
    }

    private fun sendAppState(
        isVisible: Boolean,
        remainingSeconds: Double?,
    ) {
        val message = JSONObject().put("type", "appState").put("state", if (isVisible) "active" else "background")
        request(message.putOpt("remaining", remainingSeconds))
    }

    private fun handle(message: JSONObject) {
        when (message.getString("type")) {
            "event" -> publish(parseEvent(message))
            "notification" -> showNotification(message.getString("service"), message)
            "desiredState" -> setDesiredState(message.getString("service"), message.getBoolean("running"))
            "finiteTask" -> handleFiniteTask(message.getString("task"), message.getString("op"))
        }
    }

    // Nothing would remove the own notification of a service that has ended.
    private fun showNotification(
        name: String,
        message: JSONObject,
    ) {
        val isOwn = message.getString("key") == Notifications.FOREGROUND_KEY
        if (isOwn && runsByName[name]?.isLive != true) return
        notificationsByName[name]?.apply(message)
    }

    private fun setDesiredState(
        name: String,
        running: Boolean,
    ) {
        app?.let { ServiceStateStore(it).setDesiredState(name, running) }
    }

    private fun handleFiniteTask(
        task: String,
        op: String,
    ) {
        val expireMessage = JSONObject().put("type", "finiteTaskExpire").put("task", task)
        when (op) {
            "begin" -> tasks?.begin(FiniteTask({ request(expireMessage) }, {}, task))
            "end" -> tasks?.end(task)
        }
    }

    private fun parseEvent(message: JSONObject) =
        BgsvcEvent(
            service = message.getString("service"),
            run = message.getInt("run"),
            seq = message.getInt("seq"),
            time = message.getDouble("time"),
            event = message.getString("event"),
            data = message.optJSONObject("data") ?: JSONObject(),
        )

    // A service changes its state before the listeners get the event that caused it.
    private fun publish(event: BgsvcEvent) {
        if (event.run > 0) {
            app?.let { ServiceStateStore(it).record(event) }
            runsByName[event.service]?.onEvent(event)
            if (event.event == "stopped") notificationsByName[event.service]?.clearForegroundMessage()
        }
        listeners.forEach { it.onEvent(event) }
    }
}
