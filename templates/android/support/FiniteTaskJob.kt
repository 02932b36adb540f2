package dev.bgsvc

import android.app.Application
import android.app.job.JobInfo
import android.app.job.JobParameters
import android.app.job.JobScheduler
import android.app.job.JobService
import android.content.ComponentName
import android.content.Context
import android.content.pm.PackageManager
import android.os.Build
import android.util.Log

/** Keeps the process alive for [FiniteTasks] where Android refuses a short service. */
class FiniteTaskJob : JobService() {
    private val tasks get() = BgsvcProcess.finiteTasks(application)
    private val keepAlive = FiniteTasks.KeepAlive { finish() }
    private var currentJob: JobParameters? = null

    /** Returns whether there is still a task to finish. */
    override fun onStartJob(params: JobParameters): Boolean {
        currentJob = params
        tasks.hold(keepAlive)
        return currentJob != null
    }

    /** Expires the tasks; returns false, because a later process would not have them. */
    override fun onStopJob(params: JobParameters): Boolean {
        currentJob = null
        tasks.expire()
        return false
    }

    private fun finish() {
        currentJob?.let { jobFinished(it, false) }
        currentJob = null
    }

    internal companion object {
        /** Schedules the job: expedited if Android grants that (API 31), or else ordinary. */
        fun schedule(app: Application) {
            try {
                scheduleJob(app)
            } catch (e: PackageManager.NameNotFoundException) {
                Log.e("bgsvc", "the app's manifest does not declare FiniteTaskJob: merge the generated one", e)
            } catch (e: IllegalArgumentException) {
                Log.e("bgsvc", "Android did not schedule the job", e)
            }
        }

        private fun scheduleJob(app: Application) {
            val component = ComponentName(app, FiniteTaskJob::class.java)
            val scheduler = app.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
            // The icon's resource id is also the job's id: nothing else in the app has it.
            val info = app.packageManager.getServiceInfo(component, PackageManager.GET_META_DATA)
            val builder = JobInfo.Builder(info.metaData.getInt(DeclaredService.ICON), component)
            val isExpedited =
                Build.VERSION.SDK_INT >= Build.VERSION_CODES.S &&
                    scheduler.schedule(builder.setExpedited(true).build()) == JobScheduler.RESULT_SUCCESS
            if (isExpedited) return
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) builder.setExpedited(false)
            scheduler.schedule(builder.setMinimumLatency(1).build())
        }
    }
}
