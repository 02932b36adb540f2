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

/**
 * The app's side of its background services: start, stop, state and events.
 *
 * Every function may be called from any thread. There is one Python in a process, and one
 * [Bgsvc] that talks to it.
 */
object Bgsvc {
    private val main = Handler(Looper.getMainLooper())

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

    /**
     * Asks the run of the service [name] to end; the event `stopped` says when it has.
     *
     * Whether it runs or not, it is not wanted any more, and neither are its jobs.
     */
    @JvmStatic
    @JvmOverloads
    fun stop(
        context: Context,
        name: String,
        reason: StopReason = StopReason.APP_STOP,
    ) {
        val app = context.applicationContext
        if (reason.endsTheWish) Ledger(app).want(name, false)
        onMain {
            val runs = BgsvcProcess.runs(name)
            runs?.stop(reason)
            // A job in which the run still ends is called off when it has.
            if (reason.endsTheWish && runs?.isLive != true) Declared.cancelJobs(app, name)
        }
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
            val message = JSONObject().put("type", "capabilities")
            if (!BgsvcProcess.ask(message) { it.handTo(onAnswer) }) {
                onAnswer.onError(BgsvcError("notRunning", "no service has been started in this process"))
            }
        }

    /**
     * Asks Android to let the app finish something when the user leaves it: up to three minutes.
     *
     * [onExpire] is called on the main thread if that time is up before [FiniteTask.end]; a few seconds
     * are left then.
     */
    @JvmStatic
    fun beginFiniteTask(
        context: Context,
        onExpire: Runnable,
    ): FiniteTask {
        val app = context.applicationContext as Application
        val task = FiniteTask(onExpire, { ended -> onMain { BgsvcProcess.finiteTasks(app).end(ended) } })
        onMain { BgsvcProcess.finiteTasks(app).begin(task) }
        return task
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
    fun state(name: String): ServiceState = BgsvcProcess.state(name)

    /** Lets [listener] hear of every event from now on. */
    @JvmStatic
    fun addListener(listener: BgsvcListener) {
        BgsvcProcess.listeners.addIfAbsent(listener)
    }

    /** Lets [listener] hear no more. */
    @JvmStatic
    fun removeListener(listener: BgsvcListener) {
        BgsvcProcess.listeners.remove(listener)
    }

    /** Makes [host] what embeds Python, in place of the one the spec names; before the first start. */
    @JvmStatic
    fun installPythonHost(host: PythonHost) {
        BgsvcProcess.installedHost = host
    }

    private fun onMain(action: () -> Unit) {
        if (Looper.myLooper() == Looper.getMainLooper()) action() else main.post(action)
    }
}
