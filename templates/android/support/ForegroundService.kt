package dev.bgsvc

import android.annotation.SuppressLint
import android.app.ActivityManager
import android.content.Intent
import android.os.Build
import android.os.IBinder

/**
 * A foreground service that keeps the process alive while Python runs.
 *
 * A generated subclass has the service's constants. The order is always the same: notification
 * channel, `startForeground`, then Python, on a thread of its own. The main thread never waits. The
 * service ends when Python has sent `stopped`, or when the time for a stop is up.
 */
abstract class ForegroundService(
    private val definition: ServiceDefinition,
) : TimeLimitedService() {
    private val keepAlive =
        object : ServiceRuns.KeepAlive {
            override val mode get() = RunMode.FOREGROUND_SERVICE

            override fun release() = leaveForeground()
        }
    private val notifications get() = BgsvcProcess.notifications(definition, this)
    private val runs by lazy { BgsvcProcess.runs(definition, this) }
    private val wakeLock by lazy { RunWakeLock(this, definition) }
    private val declaredService get() = DeclaredService.find(this, definition.name)
    private var lastStartId = 0
    private var isTimeLimitHandled = false

    /** Returns null: nothing binds to the service. */
    override fun onBind(intent: Intent?): IBinder? = null

    /** Enters the foreground whatever the intent is; null is a restart by Android. */
    override fun onStartCommand(
        intent: Intent?,
        flags: Int,
        startId: Int,
    ): Int {
        lastStartId = startId
        val refusal = enterForeground()
        runs.hold(keepAlive)
        when {
            intent?.action == ACTION_STOP -> runs.stop(stopReason(intent))
            intent?.action == ACTION_BUTTON -> pressButton(intent)
            refusal != null -> handleRefusal(refusal)
            intent == null && !mayRestart() -> runs.releaseIfIdle()
            else -> start(startReason(intent))
        }
        return if (definition.sticky) START_STICKY else START_NOT_STICKY
    }

    private fun mayRestart() = ServiceStateStore(this).desiredRunning(definition.name) != false

    private fun start(reason: StartReason) {
        if (definition.wakeLock) wakeLock.acquire()
        declaredService?.cancelResumeNotification()
        runs.start(reason)
    }

    // The desired state stays as it is: the user may start by a tap what the app may not.
    private fun handleRefusal(error: BgsvcError) {
        runs.refuse(error)
        declaredService?.showResumeNotification()
    }

    private fun pressButton(intent: Intent) =
        runs.pressButton(
            intent.getStringExtra(EXTRA_NOTIFICATION).orEmpty(),
            intent.getStringExtra(EXTRA_BUTTON).orEmpty(),
        )

    // Android may call both overloads for one timeout, and ends the app ten seconds after it.
    override fun onTimeLimit() {
        if (isTimeLimitHandled) return
        isTimeLimitHandled = true
        runs.expire(TIMEOUT_GRACE_MILLIS)
        when (definition.onTimeout) {
            TimeoutPolicy.STOP -> Unit
            TimeoutPolicy.NOTIFY -> declaredService?.showResumeNotification()
            TimeoutPolicy.RESCHEDULE -> JobRequests.schedule(this, definition)
        }
    }

    /** Asks a live run to end, since Android or the app has ended its service. */
    override fun onDestroy() {
        wakeLock.release()
        runs.remove(keepAlive, StopReason.APP_STOP)
        super.onDestroy()
    }

    // Returns the refusal, null if there is none. Some exceptions that Android throws are newer
    // than the oldest Android this runs on, so their base classes are caught.
    @SuppressLint("ForegroundServiceType") // An app with jobs alone declares none, and never comes here.
    private fun enterForeground(): BgsvcError? =
        try {
            notifications.createChannel()
            val notification = notifications.buildForeground()
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) {
                startForeground(definition.label, notification, definition.foregroundServiceTypes.reduce(Int::or))
            } else {
                startForeground(definition.label, notification)
            }
            detectIgnoredStart()
        } catch (e: IllegalStateException) {
            describeRefusal(e)
        } catch (e: IllegalArgumentException) {
            describeRefusal(e)
        } catch (e: SecurityException) {
            describeRefusal(e)
        }

    // Android ignores the background start of a restricted app without an exception.
    private fun detectIgnoredStart(): BgsvcError? {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.Q) return null
        if (foregroundServiceType != NO_TYPE) return null
        val manager = getSystemService(ACTIVITY_SERVICE) as ActivityManager
        val fix = "let the user open the app, or lift the restriction of its battery use in the system's settings"
        return BgsvcError("platform", IGNORED_START, if (manager.isBackgroundRestricted) fix else "")
    }

    private fun leaveForeground() {
        isTimeLimitHandled = false
        wakeLock.release()
        stopForeground(STOP_FOREGROUND_REMOVE)
        stopSelf(lastStartId)
    }

    internal companion object {
        const val ACTION_STOP = "dev.bgsvc.action.STOP"
        const val ACTION_BUTTON = "dev.bgsvc.action.BUTTON"
        const val EXTRA_NOTIFICATION = "dev.bgsvc.extra.NOTIFICATION"
        const val EXTRA_BUTTON = "dev.bgsvc.extra.BUTTON"
        const val EXTRA_REASON = "dev.bgsvc.extra.REASON"
        private const val NO_TYPE = 0
        private const val IGNORED_START = "Android has not brought the service to the foreground"
        private const val TIMEOUT_GRACE_MILLIS = 8_000L

        private fun startReason(intent: Intent?): StartReason {
            val wire = intent?.getStringExtra(EXTRA_REASON)
            return when {
                intent == null -> StartReason.OS_RESTART
                else -> StartReason.entries.find { it.wire == wire } ?: StartReason.APP
            }
        }

        private fun stopReason(intent: Intent): StopReason {
            val wire = intent.getStringExtra(EXTRA_REASON)
            return StopReason.entries.find { it.wire == wire } ?: StopReason.NATIVE_NOTIFICATION_STOP
        }

        /** Returns Android's refusal of a service or a job as an error with a code and a fix. */
        fun describeRefusal(cause: RuntimeException): BgsvcError {
            val message = cause.message ?: cause.toString()
            return if ("Time limit already exhausted" in message) {
                BgsvcError("quotaExhausted", message, "wait for the user to open the app, or for 24 hours to pass")
            } else {
                BgsvcError("platform", message, suggestFix(cause))
            }
        }

        // By name, because some of these classes are newer than the oldest Android this runs on.
        private fun suggestFix(cause: RuntimeException): String =
            when (cause.javaClass.simpleName) {
                "ForegroundServiceStartNotAllowedException" -> {
                    "start it while the user sees the app, or let the user tap the notification that is shown now"
                }

                "MissingForegroundServiceTypeException", "InvalidForegroundServiceTypeException" -> {
                    "merge the generated manifest into the app's: bgsvc-gen doctor android reports what is missing"
                }

                "SecurityException" -> {
                    "ask the user for the permission before the start, or merge the generated manifest"
                }

                else -> {
                    ""
                }
            }
    }
}
