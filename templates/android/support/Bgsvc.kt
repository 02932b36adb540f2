package dev.bgsvc

import android.content.Context
import android.content.Intent
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

    // On the main thread only.
    private val running = HashMap<String, ServiceRuns>()
    private val notifications = HashMap<String, Notifications>()
    private var python: PythonBridge? = null

    @Volatile
    private var installedHost: PythonHost? = null

    /** Starts [service]; what becomes of its run arrives as events. */
    fun start(
        context: Context,
        service: Class<out ForegroundService>,
        reason: StartReason = StartReason.APP,
    ): StartResult {
        val intent = Intent(context, service).putExtra(ForegroundService.EXTRA_REASON, reason.wire)
        return try {
            context.startForegroundService(intent)
            StartResult.Accepted
        } catch (e: IllegalStateException) {
            StartResult.Refused(ForegroundService.refusalOf(e))
        } catch (e: SecurityException) {
            StartResult.Refused(ForegroundService.refusalOf(e))
        }
    }

    /** Asks the run of the service [name] to end; the event `stopped` says when it has. */
    fun stop(
        name: String,
        reason: StopReason = StopReason.APP_STOP,
    ) = onMain { running[name]?.stop(reason) }

    /** Returns an intent that stops [service], for a `PendingIntent` of a notification or a widget. */
    fun stopIntent(
        context: Context,
        service: Class<out ForegroundService>,
        reason: StopReason = StopReason.NATIVE_NOTIFICATION_STOP,
    ): Intent =
        Intent(context, service)
            .setAction(ForegroundService.ACTION_STOP)
            .putExtra(ForegroundService.EXTRA_REASON, reason.wire)

    /** Returns where the service [name] is in its life, as far as this process knows. */
    fun state(name: String): ServiceState = states[name] ?: ServiceState.IDLE

    /** Lets [listener] hear of every event from now on. */
    fun addListener(listener: BgsvcListener) {
        listeners.addIfAbsent(listener)
    }

    /** Lets [listener] hear no more. */
    fun removeListener(listener: BgsvcListener) {
        listeners.remove(listener)
    }

    /** Makes [host] what embeds Python, in place of the one the spec names; before the first start. */
    fun installPythonHost(host: PythonHost) {
        installedHost = host
    }

    /** Returns the runs of the service that [definition] describes, in this process. */
    internal fun runs(
        definition: ServiceDefinition,
        context: Context,
        createHost: () -> PythonHost,
    ): ServiceRuns =
        running.getOrPut(definition.name) {
            notifications[definition.name] = Notifications(context.applicationContext, definition)
            val bridge = python ?: connect(context, installedHost ?: createHost()).also { python = it }
            ServiceRuns(definition, bridge, ::publish) { states[definition.name] = it }
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
        return PythonBridge(host, hello, ::take)
    }

    private fun take(message: JSONObject) {
        when (message.getString("type")) {
            "event" -> publish(eventOf(message))
            "notification" -> notifications[message.getString("service")]?.take(message)
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
        if (event.run > 0) running[event.service]?.onEvent(event)
        listeners.forEach { it.onEvent(event) }
    }

    private fun onMain(action: () -> Unit) {
        if (Looper.myLooper() == Looper.getMainLooper()) action() else main.post(action)
    }
}
