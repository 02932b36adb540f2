package dev.bgsvc

import android.app.job.JobParameters
import android.app.job.JobService
import android.os.Build

/**
 * A job that keeps the process alive while Python runs, as long as Android grants.
 *
 * The same Python class runs in it as in the foreground service; a run that Android cuts short is
 * tried again later.
 */
abstract class JobRunService(
    private val definition: ServiceDefinition,
) : JobService() {
    private val keeper =
        object : ServiceRuns.Keeper {
            override val mode get() = definition.request.mode

            override fun release() = finish()
        }
    private var current: JobParameters? = null

    /** Starts a run; true, for it goes on after this call, unless none may begin. */
    override fun onStartJob(params: JobParameters): Boolean {
        current = params
        if (definition.request.userInitiated) show(params)
        val runs = BgsvcProcess.runs(definition, this)
        runs.hold(keeper)
        runs.start(StartReason.TASK)
        return current != null
    }

    /** Android takes its time back; true if the rest is to be done later, unless somebody wants it no more. */
    override fun onStopJob(params: JobParameters): Boolean {
        current = null
        val reason = reasonOf(params)
        BgsvcProcess.runs(definition, this).leave(keeper, reason)
        return !reason.endsTheWish
    }

    // Android ends a transfer of the user's that shows no notification.
    private fun show(params: JobParameters) {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.UPSIDE_DOWN_CAKE) return
        val notifications = BgsvcProcess.notifications(definition, this)
        notifications.createChannel()
        setNotification(params, definition.label, notifications.foreground(), JOB_END_NOTIFICATION_POLICY_REMOVE)
    }

    // A periodic job would come back.
    private fun finish() {
        current?.let {
            jobFinished(it, false)
            if (BgsvcProcess.runs(definition, this).isOver) Declared.cancelJobs(this, definition.name)
        }
        current = null
    }

    private companion object {
        fun reasonOf(params: JobParameters): StopReason {
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
