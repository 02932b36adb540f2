package dev.bgsvc

/** Who asked for a run; [wire] is its name on the bridge. */
enum class StartReason(
    internal val wire: String,
) {
    /** The user, with a button or a notification. */
    USER("user"),

    /** The app's own code. */
    APP("app"),

    /** The device has booted. */
    BOOT("boot"),

    /** Android killed the process and has restarted the service. */
    OS_RESTART("osRestart"),

    /** The app was updated while the desired state was to run. */
    REPLAY("replay"),

    /** Android has granted a job. */
    TASK("task"),
}

/** Why a run is to end; [wire] is its name on the bridge. */
enum class StopReason(
    internal val wire: String,
    internal val clearsDesiredState: Boolean = true,
) {
    /** The user, in the app. */
    USER_STOP("userStop"),

    /** The app's own code. */
    APP_STOP("appStop"),

    /** Android's time limit for the service's type. */
    PLATFORM_TIMEOUT("platformTimeout", clearsDesiredState = false),

    /** The system, which ends a job or a service for reasons of its own. */
    PROCESS_EXIT("processExit", clearsDesiredState = false),

    /** The user, in the notification. */
    NATIVE_NOTIFICATION_STOP("nativeNotificationStop"),
}

/** What a run runs in while the user does not see the app; [wire] is its name on the bridge. */
internal enum class RunMode(
    val wire: String,
) {
    /** A foreground service. */
    FOREGROUND_SERVICE("androidForegroundService"),

    /** A job, which Android runs when its conditions are met. */
    JOB("androidJob"),

    /** A user-initiated data transfer job (API 34). */
    USER_INITIATED_JOB("androidUserInitiatedJob"),
}

/** Where a service is in its life cycle. */
enum class ServiceState {
    /** Not started in this process. */
    IDLE,

    /** Asked to run; Python has not sent `started` yet. */
    INITIALIZING,

    /** Python has sent `started`. */
    RUNNING,

    /** Asked to stop; Python has not sent `stopped` yet. */
    STOPPING,

    /** The last run has ended. */
    STOPPED,
}
