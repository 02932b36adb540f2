package dev.bgsvc

import android.app.job.JobInfo
import android.app.job.JobParameters
import android.app.job.JobScheduler
import android.app.job.JobService
import android.content.ComponentName
import android.content.Context

/**
 * A job that keeps the process alive while Python runs, as long as Android grants.
 *
 * The same Python class runs in it as in the foreground service; a run that Android cuts short is
 * tried again later.
 */
abstract class JobRunService(
    private val definition: ServiceDefinition,
) : JobService() {
    private val keeper = ServiceRuns.Keeper { finish() }
    private var current: JobParameters? = null

    /** Starts a run; true, for it goes on after this call. */
    override fun onStartJob(params: JobParameters): Boolean {
        current = params
        val runs = Bgsvc.runs(definition, this)
        runs.hold(keeper)
        runs.start(StartReason.TASK)
        return true
    }

    /** Android takes its time back; true, for the rest is to be done later. */
    override fun onStopJob(params: JobParameters): Boolean {
        current = null
        Bgsvc.runs(definition, this).stop(StopReason.PLATFORM_TIMEOUT)
        return true
    }

    private fun finish() {
        current?.let { jobFinished(it, false) }
        current = null
    }

    internal companion object {
        /** Asks for a job in which the service of [definition] goes on; returns whether Android took it. */
        fun schedule(
            context: Context,
            definition: ServiceDefinition,
        ): Boolean {
            val service = definition.job ?: return false
            val scheduler = context.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
            // Some condition there has to be; the label's number is the app's alone.
            val job = JobInfo.Builder(definition.label, ComponentName(context, service)).setMinimumLatency(1).build()
            return scheduler.schedule(job) == JobScheduler.RESULT_SUCCESS
        }
    }
}
