package dev.bgsvc

import android.app.job.JobInfo
import android.app.job.JobScheduler
import android.content.ComponentName
import android.content.Context
import android.os.Build

/** What asks Android for jobs. */
internal object JobRequests {
    private const val WHEN = "ask while the user sees the app, and for no more than 150 jobs"

    /** Asks for the job of [definition]; Android runs it when its conditions are met. */
    fun place(
        context: Context,
        definition: ServiceDefinition,
    ): StartResult =
        try {
            val scheduler = context.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
            val builder = JobInfo.Builder(definition.jobId, ComponentName(context, checkNotNull(definition.job)))
            builder.ask(definition.request)
            when (scheduler.schedule(builder.build())) {
                JobScheduler.RESULT_SUCCESS -> StartResult.Accepted
                else -> StartResult.Refused(BgsvcError("platform", "Android did not take the job", WHEN))
            }
        } catch (e: IllegalStateException) {
            StartResult.Refused(ForegroundService.refusalOf(e))
        } catch (e: IllegalArgumentException) {
            StartResult.Refused(ForegroundService.refusalOf(e))
        } catch (e: SecurityException) {
            StartResult.Refused(ForegroundService.refusalOf(e))
        }

    private fun JobInfo.Builder.ask(request: JobRequest) {
        if (request.network || request.userInitiated) setRequiredNetworkType(JobInfo.NETWORK_TYPE_ANY)
        if (request.charging) setRequiresCharging(true)
        if (request.persisted) setPersisted(true)
        val mayAsk = request.userInitiated && Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE
        when {
            mayAsk -> setUserInitiated(true)

            request.periodMillis > 0 -> setPeriodic(request.periodMillis)

            // Some condition there has to be.
            else -> setMinimumLatency(1)
        }
    }
}
