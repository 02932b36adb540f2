package dev.bgsvc

/** Who asked for a run; [wire] is the bridge's word for it. */
enum class StartReason(
    internal val wire: String,
) {
    /** The user, by a button or a notification. */
    USER("user"),

    /** The app's own code. */
    APP("app"),

    /** The device has started. */
    BOOT("boot"),

    /** Android has killed the process and brought the service back. */
    OS_RESTART("osRestart"),

    /** The app was updated while the service was wanted. */
    REPLAY("replay"),

    /** Android has granted a job. */
    TASK("task"),
}

/** Why a run is to end; [wire] is the bridge's word for it. */
enum class StopReason(
    internal val wire: String,
    internal val endsTheWish: Boolean = true,
) {
    /** The user, in the app. */
    USER_STOP("userStop"),

    /** The app's own code. */
    APP_STOP("appStop"),

    /** Android's time limit for the service's type. */
    PLATFORM_TIMEOUT("platformTimeout", endsTheWish = false),

    /** The system, which ends a job or a service for reasons of its own. */
    PROCESS_EXIT("processExit", endsTheWish = false),

    /** The user, in the notification. */
    NATIVE_NOTIFICATION_STOP("nativeNotificationStop"),
}

/** By what a run goes on while the user does not see the app; [wire] is the bridge's word for it. */
internal enum class RunMode(
    val wire: String,
) {
    /** A service in the foreground. */
    FOREGROUND_SERVICE("androidForegroundService"),

    /** A job, as Android finds time for it. */
    JOB("androidJob"),

    /** A transfer that the user has asked for. */
    USER_INITIATED_JOB("androidUserInitiatedJob"),
}

/** Where a service is in its life. */
enum class ServiceState {
    /** Not started in this process. */
    IDLE,

    /** Asked to run; Python has not said `started` yet. */
    INITIALIZING,

    /** Python has said `started`. */
    RUNNING,

    /** Asked to stop; Python has not said `stopped` yet. */
    STOPPING,

    /** The last run has ended. */
    STOPPED,
}
