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
 * The app's interface to its background services: start, stop, state and events.
 *
 * Every function may be called from any thread, unless it says otherwise. A process has one Python,
 * and all services share it.
 */
object Bgsvc {
    private val main = Handler(Looper.getMainLooper())

    /**
     * Starts [service]; events report what happens to its run.
     *
     * If Android refuses the start, a notification lets the user start the service by a tap, which
     * Android allows where it refuses the app.
     */
    @JvmStatic
    @JvmOverloads
    fun start(
        context: Context,
        service: Class<out ForegroundService>,
        reason: StartReason = StartReason.APP,
    ): StartResult {
        val declaredService = DeclaredService.all(context).find { it.component.className == service.name }
        return if (declaredService == null) {
            val fix = "merge the generated manifest into the app's"
            StartResult.Refused(BgsvcError("platform", "the manifest does not declare $service", fix))
        } else {
            start(context, declaredService, reason)
        }
    }

    internal fun start(
        context: Context,
        service: DeclaredService,
        reason: StartReason,
    ): StartResult =
        try {
            context.startForegroundService(service.startIntent(reason))
            ServiceStateStore(context).setDesiredState(service.name, true)
            StartResult.Accepted
        } catch (e: IllegalStateException) {
            refuseStart(service, e)
        } catch (e: SecurityException) {
            refuseStart(service, e)
        }

    private fun refuseStart(
        service: DeclaredService,
        cause: RuntimeException,
    ): StartResult {
        service.showResumeNotification()
        return StartResult.Refused(ForegroundService.describeRefusal(cause))
    }

    /**
     * Asks the run of the service [name] to end; the event `stopped` follows when it has.
     *
     * Unless [reason] is the system's, it also clears the desired state and cancels the service's
     * jobs, whether the service runs or not.
     */
    @JvmStatic
    @JvmOverloads
    fun stop(
        context: Context,
        name: String,
        reason: StopReason = StopReason.APP_STOP,
    ) {
        val app = context.applicationContext
        if (reason.clearsDesiredState) ServiceStateStore(app).setDesiredState(name, false)
        onMain {
            val runs = BgsvcProcess.runs(name)
            runs?.stop(reason)
            // A job that keeps the run alive is cancelled when the run has ended.
            if (reason.clearsDesiredState && runs?.isLive != true) DeclaredService.cancelJobs(app, name)
        }
    }

    /** Returns whether the desired state of the service [name] is to run; null if none was set. */
    @JvmStatic
    fun desiredRunning(
        context: Context,
        name: String,
    ): Boolean? = ServiceStateStore(context).desiredRunning(name)

    /** Returns the last 20 runs of the service [name], the newest last, as a JSON array. */
    @JvmStatic
    fun history(
        context: Context,
        name: String,
    ): String = ServiceStateStore(context).history(name).toString()

    /** Gives [onAnswer] the platform's capabilities as JSON, or an error, on the main thread. */
    @JvmStatic
    fun capabilities(onAnswer: BgsvcAnswer) =
        onMain {
            val message = JSONObject().put("type", "capabilities")
            if (!BgsvcProcess.request(message) { it.handTo(onAnswer) }) {
                val fix = "start a service first"
                onAnswer.onError(BgsvcError("notRunning", "no service has been started in this process", fix))
            }
        }

    /**
     * Asks Android to let the app finish a task when the user leaves it, for up to three minutes.
     *
     * [onExpire] is called on the main thread if that time is up before [FiniteTask.end]. Eight
     * seconds are left then.
     */
    @JvmStatic
    fun beginFiniteTask(
        context: Context,
        onExpire: Runnable,
    ): FiniteTask {
        val app = context.applicationContext as Application
        val task = FiniteTask(onExpire, { id -> onMain { BgsvcProcess.finiteTasks(app).end(id) } })
        onMain { BgsvcProcess.finiteTasks(app).begin(task) }
        return task
    }

    /**
     * Returns whether the app may show notifications; asks the user if it may not (API 33).
     *
     * The answer goes to [activity]'s `onRequestPermissionsResult` with [requestCode]. Call this on
     * the main thread.
     */
    @JvmStatic
    fun requestNotificationPermission(
        activity: Activity,
        requestCode: Int,
    ): Boolean {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.TIRAMISU) return true
        val permission = Manifest.permission.POST_NOTIFICATIONS
        val isGranted = activity.checkSelfPermission(permission) == PackageManager.PERMISSION_GRANTED
        if (!isGranted) activity.requestPermissions(arrayOf(permission), requestCode)
        return isGranted
    }

    /** Returns an intent that stops [service], for a `PendingIntent` of a notification. */
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

    /** Returns where the service [name] is in its life cycle, as far as this process knows. */
    @JvmStatic
    fun state(name: String): ServiceState = BgsvcProcess.state(name)

    /** Calls [listener] for every event from now on. */
    @JvmStatic
    fun addListener(listener: BgsvcListener) {
        BgsvcProcess.listeners.addIfAbsent(listener)
    }

    /** Calls [listener] no more. */
    @JvmStatic
    fun removeListener(listener: BgsvcListener) {
        BgsvcProcess.listeners.remove(listener)
    }

    /** Embeds Python by [host] instead of the spec's host; call this before the first start. */
    @JvmStatic
    fun installPythonHost(host: PythonHost) {
        BgsvcProcess.installedHost = host
    }

    private fun onMain(action: () -> Unit) {
        if (Looper.myLooper() == Looper.getMainLooper()) action() else main.post(action)
    }
}
