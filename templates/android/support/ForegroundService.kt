package dev.bgsvc

import android.annotation.SuppressLint
import android.app.ActivityManager
import android.content.Intent
import android.os.Build
import android.os.IBinder

/**
 * A foreground service that keeps the process alive while Python runs; a generated class says
 * which service and which host.
 *
 * The order is always the same: channel, `startForeground`, then Python, on a thread of its own.
 * The main thread never waits. The service ends when Python has said `stopped`, or when its time
 * to do so has run out.
 */
abstract class ForegroundService(
    private val definition: ServiceDefinition,
) : TimeLimitedService() {
    private val keeper =
        object : ServiceRuns.Keeper {
            override val mode get() = RunMode.FOREGROUND_SERVICE

            override fun release() = leaveForeground()
        }
    private val notifications get() = BgsvcProcess.notifications(definition, this)
    private val runs by lazy { BgsvcProcess.runs(definition, this) }
    private val wakeLock by lazy { WakefulRun(this, definition) }
    private var lastStartId = 0
    private var timedOut = false

    /** Returns null: nothing binds to the service. */
    override fun onBind(intent: Intent?): IBinder? = null

    /** Enters the foreground, whatever the intent; it is null when Android brings the service back. */
    override fun onStartCommand(
        intent: Intent?,
        flags: Int,
        startId: Int,
    ): Int {
        lastStartId = startId
        val refusal = enterForeground()
        runs.hold(keeper)
        when {
            intent?.action == ACTION_STOP -> runs.stop(stopReason(intent))
            intent?.action == ACTION_BUTTON -> press(intent)
            refusal != null -> refused(refusal)
            intent == null && Ledger(this).isWanted(definition.name) == false -> runs.releaseIfIdle()
            else -> start(startReason(intent))
        }
        return if (definition.sticky) START_STICKY else START_NOT_STICKY
    }

    private fun start(reason: StartReason) {
        if (definition.wakeLock) wakeLock.begin()
        Declared.find(this, definition.name)?.withdrawOffer()
        runs.start(reason)
    }

    // What the user wants goes on to be wanted: a tap may do what the app may not.
    private fun refused(error: BgsvcError) {
        runs.refuse(error)
        Declared.find(this, definition.name)?.offerToResume()
    }

    private fun press(intent: Intent) {
        runs.act(intent.getStringExtra(EXTRA_NOTIFICATION).orEmpty(), intent.getStringExtra(EXTRA_BUTTON).orEmpty())
        runs.releaseIfIdle()
    }

    // Both of the platform's calls may come for one timeout; ten seconds later Android ends the app.
    override fun onTimeLimit() {
        if (timedOut) return
        timedOut = true
        runs.expire(TIMEOUT_GRACE_MILLIS)
        when (definition.onTimeout) {
            TimeoutPolicy.STOP -> Unit
            TimeoutPolicy.NOTIFY -> Declared.find(this, definition.name)?.offerToResume()
            TimeoutPolicy.RESCHEDULE -> JobRequests.place(this, definition)
        }
    }

    /** Asks a run to end that something else than Python has left without its service. */
    override fun onDestroy() {
        wakeLock.end()
        runs.leave(keeper, StopReason.APP_STOP)
        super.onDestroy()
    }

    // Android refuses by exceptions of many names, newer ones than the oldest Android here knows.
    @SuppressLint("ForegroundServiceType") // An app with jobs alone declares none, and never comes here.
    private fun enterForeground(): BgsvcError? =
        try {
            notifications.createChannel()
            val notification = notifications.foreground()
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) {
                startForeground(definition.label, notification, definition.foregroundServiceTypes.reduce(Int::or))
            } else {
                startForeground(definition.label, notification)
            }
            ignored()
        } catch (e: IllegalStateException) {
            refusalOf(e)
        } catch (e: IllegalArgumentException) {
            refusalOf(e)
        } catch (e: SecurityException) {
            refusalOf(e)
        }

    // To a restricted app in the background Android says nothing, and does nothing.
    private fun ignored(): BgsvcError? {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.Q) return null
        if (foregroundServiceType != NO_TYPE) return null
        val manager = getSystemService(ACTIVITY_SERVICE) as ActivityManager
        val fix = "let the user open the app, or lift the restriction of its battery use in the system's settings"
        return BgsvcError("platform", IGNORED, if (manager.isBackgroundRestricted) fix else "")
    }

    private fun leaveForeground() {
        timedOut = false
        wakeLock.end()
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
        private const val IGNORED = "Android has not brought the service to the foreground"
        private const val TIMEOUT_GRACE_MILLIS = 8_000L

        private fun startReason(intent: Intent?): StartReason {
            val word = intent?.getStringExtra(EXTRA_REASON)
            return when {
                intent == null -> StartReason.OS_RESTART
                else -> StartReason.entries.find { it.wire == word } ?: StartReason.APP
            }
        }

        private fun stopReason(intent: Intent): StopReason {
            val word = intent.getStringExtra(EXTRA_REASON)
            return StopReason.entries.find { it.wire == word } ?: StopReason.NATIVE_NOTIFICATION_STOP
        }

        /** Returns Android's refusal to start a service as an error with a code. */
        fun refusalOf(cause: RuntimeException): BgsvcError {
            val message = cause.message ?: cause.toString()
            return if ("Time limit already exhausted" in message) {
                BgsvcError("quotaExhausted", message, "wait for the user to open the app, or for 24 hours to pass")
            } else {
                BgsvcError("platform", message, fixOf(cause))
            }
        }

        // By name, for the oldest Android here does not know them.
        private fun fixOf(cause: RuntimeException): String =
            when (cause.javaClass.simpleName) {
                "ForegroundServiceStartNotAllowedException" -> {
                    "start it while the user sees the app; a notification offers to"
                }

                "MissingForegroundServiceTypeException", "InvalidForegroundServiceTypeException" -> {
                    "merge the generated manifest into the app's: bgsvc-gen doctor android tells what lacks"
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
