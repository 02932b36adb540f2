package dev.bgsvc

import android.app.job.JobParameters
import android.app.job.JobService
import android.os.Build

/**
 * A job that keeps the process alive while Python runs, as long as Android grants.
 *
 * It runs the same Python class as the foreground service. Android runs the job again later if it
 * cuts a run short.
 */
abstract class JobRunService(
    private val definition: ServiceDefinition,
) : JobService() {
    private val keepAlive =
        object : ServiceRuns.KeepAlive {
            override val mode get() = definition.request.mode

            override fun release() = finish()
        }
    private var currentJob: JobParameters? = null

    /** Starts a run; returns true, because it goes on after this call, unless none may start. */
    override fun onStartJob(params: JobParameters): Boolean {
        currentJob = params
        if (definition.request.userInitiated) showNotification(params)
        val runs = BgsvcProcess.runs(definition, this)
        runs.hold(keepAlive)
        runs.start(StartReason.TASK)
        return currentJob != null
    }

    /** Asks the run to end; returns whether Android is to run the job again later. */
    override fun onStopJob(params: JobParameters): Boolean {
        currentJob = null
        val reason = stopReason(params)
        BgsvcProcess.runs(definition, this).remove(keepAlive, reason)
        return !reason.clearsDesiredState
    }

    // Android ends a user-initiated data transfer that shows no notification.
    private fun showNotification(params: JobParameters) {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.UPSIDE_DOWN_CAKE) return
        val notifications = BgsvcProcess.notifications(definition, this)
        notifications.createChannel()
        val notification = notifications.buildForeground()
        setNotification(params, definition.label, notification, JOB_END_NOTIFICATION_POLICY_REMOVE)
    }

    // Android would run a periodic job again: after a stop it is cancelled.
    private fun finish() {
        currentJob?.let {
            jobFinished(it, false)
            val runs = BgsvcProcess.runs(definition, this)
            if (runs.isDesiredStateCleared) DeclaredService.cancelJobs(this, definition.name)
        }
        currentJob = null
    }

    private companion object {
        fun stopReason(params: JobParameters): StopReason {
            if (Build.VERSION.SDK_INT < Build.VERSION_CODES.S) return StopReason.PROCESS_EXIT
            return when (params.stopReason) {
                JobParameters.STOP_REASON_USER -> StopReason.USER_STOP
                JobParameters.STOP_REASON_CANCELLED_BY_APP -> StopReason.APP_STOP
                JobParameters.STOP_REASON_TIMEOUT -> StopReason.PLATFORM_TIMEOUT
                else -> StopReason.PROCESS_EXIT
            }
        }
    }
}
