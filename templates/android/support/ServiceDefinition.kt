package dev.bgsvc

import android.content.Context
import android.os.Build

/**
 * All that the spec decides about a service; a generated class fills it in.
 *
 * @property name the service's name in the spec.
 * @property config the bridge's service configuration, handed to Python unread.
 * @property foregroundServiceTypes its `ServiceInfo.FOREGROUND_SERVICE_TYPE_*` bits.
 * @property foregroundServiceTypeName the same as the manifest spells it.
 * @property sticky whether Android shall bring the service back after it killed the process.
 * @property label the string resource that users see; it is the notification's id as well, since
 *   nothing else in the app can have that number.
 * @property icon the drawable resource of its notifications.
 * @property stopTimeoutMillis how long Python may take to end a run.
 * @property importance its channel's, a `NotificationManager.IMPORTANCE_*`.
 * @property stopLabel the string of the button that stops it; 0 for no such button.
 * @property actions the further buttons of its notification.
 * @property wakeLock whether the processor stays awake during a run.
 * @property onTimeout what follows when Android's time limit is reached.
 * @property job the job in which it goes on after a time limit; null for none.
 * @property request when Android is to run that job.
 * @property jobId that job's number: a resource's would be another's after an update of the app, and
 *   a job may outlive that.
 * @property createPythonHost makes what embeds Python, for the first service of the process.
 */
class ServiceDefinition(
    val name: String,
    val config: String,
    val foregroundServiceTypes: List<Int>,
    val foregroundServiceTypeName: String,
    val sticky: Boolean,
    val label: Int,
    val icon: Int,
    val stopTimeoutMillis: Long,
    val importance: Int,
    val stopLabel: Int,
    val actions: List<NotificationAction>,
    val wakeLock: Boolean,
    val onTimeout: TimeoutPolicy,
    val job: Class<out JobRunService>?,
    val createPythonHost: (Context) -> PythonHost,
    val request: JobRequest = JobRequest(),
    val jobId: Int = 0,
) {
    /** By what it usually runs; each run says by what it does. */
    internal val mode: RunMode
        get() = if (foregroundServiceTypes.isEmpty()) request.mode else RunMode.FOREGROUND_SERVICE
}

/**
 * When Android is to run a job.
 *
 * @property network whether it waits for a network.
 * @property charging whether it waits for power.
 * @property periodMillis the time from one run to the next; 0 for one run.
 * @property persisted whether it outlives a restart of the device.
 * @property userInitiated whether it is a transfer that the user has just asked for (API 34).
 */
class JobRequest(
    val network: Boolean = false,
    val charging: Boolean = false,
    val periodMillis: Long = 0,
    val persisted: Boolean = false,
    val userInitiated: Boolean = false,
) {
    /** By what it runs: below API 34 a transfer is a job like any other. */
    internal val mode: RunMode
        get() {
            val isTransfer = userInitiated && Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE
            return if (isTransfer) RunMode.USER_INITIATED_JOB else RunMode.JOB
        }
}

/**
 * A button of a notification.
 *
 * @property id what Python hears.
 * @property label the string resource that users read.
 */
class NotificationAction(
    val id: String,
    val label: Int,
)

/** What follows when Android's time limit for a service's type is reached: the run ends, and then? */
enum class TimeoutPolicy {
    /** Nothing. */
    STOP,

    /** A notification lets the user start it again. */
    NOTIFY,

    /** It goes on in a job, as soon as Android grants one. */
    RESCHEDULE,
}
