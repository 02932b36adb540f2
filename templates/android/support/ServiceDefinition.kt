package dev.bgsvc

import android.content.Context
import android.os.Build

/**
 * Everything that the spec decides about a service; a generated class provides it.
 *
 * @property name the service's name in the spec.
 * @property config the service's configuration for Python, as JSON.
 * @property foregroundServiceTypes its `ServiceInfo.FOREGROUND_SERVICE_TYPE_*` bits.
 * @property foregroundServiceTypeName the same types as the manifest spells them.
 * @property sticky whether Android restarts the service after it killed the process.
 * @property label the string resource that users see; its id is the notification's id as well,
 *   because nothing else in the app has that number.
 * @property icon the drawable resource of its notifications.
 * @property stopTimeoutMillis how long Python may take to end a run, in milliseconds.
 * @property importance its notification channel's `NotificationManager.IMPORTANCE_*`.
 * @property stopLabel the string resource of the button that stops it; 0 for no such button.
 * @property actions the other buttons of its notification.
 * @property wakeLock whether the processor stays awake during a run.
 * @property onTimeout what follows when Android's time limit is reached.
 * @property job the job in which it runs, or goes on after a time limit; null for none.
 * @property request the conditions under which Android runs that job.
 * @property jobId that job's id. It is not a resource id, because those change with an update of
 *   the app, which a scheduled job outlives.
 * @property createPythonHost creates what embeds Python; called for the first service of a process.
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
    /** What its runs usually run in; each run has its own mode. */
    internal val mode: RunMode
        get() = if (foregroundServiceTypes.isEmpty()) request.mode else RunMode.FOREGROUND_SERVICE
}

/**
 * The conditions under which Android runs a job.
 *
 * @property network whether the job waits for a network.
 * @property charging whether it waits until the device charges.
 * @property periodMillis the time from one run to the next, in milliseconds; 0 for one run.
 * @property persisted whether it outlives a reboot of the device.
 * @property userInitiated whether it is a data transfer that the user has just asked for (API 34).
 */
class JobRequest(
    val network: Boolean = false,
    val charging: Boolean = false,
    val periodMillis: Long = 0,
    val persisted: Boolean = false,
    val userInitiated: Boolean = false,
) {
    /** What its runs run in: below API 34 a data transfer is an ordinary job. */
    internal val mode: RunMode
        get() {
            val isTransfer = userInitiated && Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE
            return if (isTransfer) RunMode.USER_INITIATED_JOB else RunMode.JOB
        }
}

/**
 * A button of a notification.
 *
 * @property id what Python's `on_action` gets.
 * @property label the string resource that users read.
 */
class NotificationAction(
    val id: String,
    val label: Int,
)

/** What follows a run that Android's time limit for the service's type has ended. */
enum class TimeoutPolicy {
    /** Nothing. */
    STOP,

    /** A notification lets the user start it again. */
    NOTIFY,

    /** A job goes on with the work as soon as Android grants it. */
    RESCHEDULE,
}
