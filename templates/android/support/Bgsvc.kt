package dev.bgsvc

import android.Manifest
import android.app.Activity
import android.app.Application
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.os.Build
import android.os.Handler
import android.os.Looper
import org.json.JSONObject
import java.io.File
import java.util.Locale
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList

/**
 * The app's side of its background services: start, stop, state and events.
 *
 * Every function may be called from any thread. There is one Python in a process, and one
 * [Bgsvc] that talks to it.
 */
object Bgsvc {
    private val main = Handler(Looper.getMainLooper())
    private val listeners = CopyOnWriteArrayList<BgsvcListener>()
    private val states = ConcurrentHashMap<String, ServiceState>()

    @Volatile
    private var app: Application? = null

    // On the main thread only.
    private val running = HashMap<String, ServiceRuns>()
    private val notifications = HashMap<String, Notifications>()
    private var python: PythonBridge? = null

    @Volatile
    private var installedHost: PythonHost? = null

    /**
     * Starts [service]; what becomes of its run arrives as events.
     *
     * Where Android refuses, a notification lets the user start it: a tap may do what the app may not.
     */
    @JvmStatic
    @JvmOverloads
    fun start(
        context: Context,
        service: Class<out ForegroundService>,
        reason: StartReason = StartReason.APP,
    ): StartResult {
        val declared = Declared.all(context).find { it.component.className == service.name }
        return if (declared == null) {
            StartResult.Refused(BgsvcError("platform", "the manifest has no $service", "merge the generated one"))
        } else {
            start(context, declared, reason)
        }
    }

    internal fun start(
        context: Context,
        declared: Declared,
        reason: StartReason,
    ): StartResult =
        try {
            context.startForegroundService(declared.startIntent(reason))
            Ledger(context).want(declared.name, true)
            StartResult.Accepted
        } catch (e: IllegalStateException) {
            refused(declared, e)
        } catch (e: SecurityException) {
            refused(declared, e)
        }

    private fun refused(
        declared: Declared,
        cause: RuntimeException,
    ): StartResult {
        declared.offerToResume()
        return StartResult.Refused(ForegroundService.refusalOf(cause))
    }

    /** Asks the run of the service [name] to end; the event `stopped` says when it has. */
    @JvmStatic
    @JvmOverloads
    fun stop(
        name: String,
        reason: StopReason = StopReason.APP_STOP,
    ) {
        if (reason.endsTheWish) app?.let { Ledger(it).want(name, false) }
        onMain { running[name]?.stop(reason) }
    }

    /** Returns whether the service [name] is wanted; null if nobody ever asked. */
    @JvmStatic
    fun isWanted(
        context: Context,
        name: String,
    ): Boolean? = Ledger(context).isWanted(name)

    /** Returns the last runs of the service [name], the newest last, as a JSON array. */
    @JvmStatic
    fun history(
        context: Context,
        name: String,
    ): String = Ledger(context).history(name).toString()

    /** Hands what the platform promises to [onAnswer], as a JSON object, or an error; on the main thread. */
    @JvmStatic
    fun capabilities(onAnswer: BgsvcAnswer) =
        onMain {
            val bridge = python
            if (bridge == null) {
                onAnswer.onError(BgsvcError("notRunning", "no service has been started in this process"))
            } else {
                bridge.request(JSONObject().put("type", "capabilities")) { it.handTo(onAnswer) }
            }
        }

    /**
     * Asks the user to let the app show notifications (API 33), and returns whether it already may.
     *
     * The answer comes to [activity]'s `onRequestPermissionsResult` with [requestCode].
     */
    @JvmStatic
    fun requestNotificationPermission(
        activity: Activity,
        requestCode: Int,
    ): Boolean {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU) return true
        val permission = Manifest.permission.POST_NOTIFICATIONS
        val granted = activity.checkSelfPermission(permission) == PackageManager.PERMISSION_GRANTED
        if (!granted) activity.requestPermissions(arrayOf(permission), requestCode)
        return granted
    }

    /** Returns an intent that stops [service], for a `PendingIntent` of a notification or a widget. */
    @JvmStatic
    @JvmOverloads
    fun stopIntent(
        context: Context,
        service: Class<out ForegroundService>,
        reason: StopReason = StopReason.NATIVE_NOTIFICATION_STOP,
    ): Intent =
        Intent(context, service)
            .setAction(ForegroundService.ACTION_STOP)
            .putExtra(ForegroundService.EXTRA_REASON, reason.wire)

    /** Returns where the service [name] is in its life, as far as this process knows. */
    @JvmStatic
    fun state(name: String): ServiceState = states[name] ?: ServiceState.IDLE

    /** Lets [listener] hear of every event from now on. */
    @JvmStatic
    fun addListener(listener: BgsvcListener) {
        listeners.addIfAbsent(listener)
    }

    /** Lets [listener] hear no more. */
    @JvmStatic
    fun removeListener(listener: BgsvcListener) {
        listeners.remove(listener)
    }

    /** Makes [host] what embeds Python, in place of the one the spec names; before the first start. */
    @JvmStatic
    fun installPythonHost(host: PythonHost) {
        installedHost = host
    }

    /** Returns the runs of the service that [definition] describes, in this process. */
    internal fun runs(
        definition: ServiceDefinition,
        context: Context,
    ): ServiceRuns {
        app = context.applicationContext as Application
        return running.getOrPut(definition.name) {
            LastExit.settle(context, definition.name)
            notifications[definition.name] = Notifications(context.applicationContext, definition)
            val bridge = python ?: connect(context, installedHost ?: definition.createPythonHost(context))
            python = bridge
            ServiceRuns(definition, bridge, ::publish) { states[definition.name] = it }
        }
    }

    private fun connect(
        context: Context,
        host: PythonHost,
    ): PythonBridge {
        val hello =
            JSONObject()
                .put("type", "hello")
                .put("platform", "android")
                .put("mode", "androidForegroundService")
                .put("app", context.packageName)
                .put("dataDir", File(context.filesDir, "bgsvc").path)
                .put("apiLevel", Build.VERSION.SDK_INT)
                .put("targetSdk", context.applicationInfo.targetSdkVersion)
                .put("language", Locale.getDefault().toLanguageTag())
        val bridge = PythonBridge(host, hello, ::take)
        AppState { visible ->
            val state = if (visible) "active" else "background"
            bridge.request(JSONObject().put("type", "appState").put("state", state))
        }.watch(context)
        return bridge
    }

    private fun take(message: JSONObject) {
        when (message.getString("type")) {
            "event" -> publish(eventOf(message))
            "notification" -> notifications[message.getString("service")]?.take(message)
            "desiredState" -> want(message.getString("service"), message.getBoolean("running"))
        }
    }

    private fun want(
        name: String,
        running: Boolean,
    ) {
        app?.let { Ledger(it).want(name, running) }
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
        }
        listeners.forEach { it.onEvent(event) }
    }

    private fun onMain(action: () -> Unit) {
        if (Looper.myLooper() == Looper.getMainLooper()) action() else main.post(action)
    }
}
