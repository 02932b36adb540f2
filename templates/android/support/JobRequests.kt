package dev.bgsvc

import android.app.job.JobInfo
import android.app.job.JobScheduler
import android.content.ComponentName
import android.content.Context
import android.os.Build

/** Schedules jobs. */
internal object JobRequests {
    private const val NOT_SCHEDULED_FIX = "schedule it while the user sees the app, and no more than 150 jobs"

    /** Schedules the job of [definition]; Android runs it when its conditions are met. */
    fun schedule(
        context: Context,
        definition: ServiceDefinition,
    ): StartResult =
        try {
            val scheduler = context.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
            val builder = JobInfo.Builder(definition.jobId, ComponentName(context, checkNotNull(definition.job)))
            builder.addConditions(definition.request)
            when (scheduler.schedule(builder.build())) {
                JobScheduler.RESULT_SUCCESS -> {
                    StartResult.Accepted
                }

                else -> {
                    val error = BgsvcError("platform", "Android did not schedule the job", NOT_SCHEDULED_FIX)
                    StartResult.Refused(error)
                }
            }
        } catch (e: IllegalStateException) {
            StartResult.Refused(ForegroundService.describeRefusal(e))
        } catch (e: IllegalArgumentException) {
            StartResult.Refused(ForegroundService.describeRefusal(e))
        } catch (e: SecurityException) {
            StartResult.Refused(ForegroundService.describeRefusal(e))
        }

    private fun JobInfo.Builder.addConditions(request: JobRequest) {
        if (request.network || request.userInitiated) setRequiredNetworkType(JobInfo.NETWORK_TYPE_ANY)
        if (request.charging) setRequiresCharging(true)
        if (request.persisted) setPersisted(true)
        val isTransfer = request.userInitiated && Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE
        when {
            isTransfer -> setUserInitiated(true)

            request.periodMillis > 0 -> setPeriodic(request.periodMillis)

            // Android refuses a job without any condition.
            else -> setMinimumLatency(1)
        }
    }
}
