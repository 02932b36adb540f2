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

/** Keeps the process alive while [FiniteTasks] are done, where Android refuses a service. */
class FiniteTaskJob : JobService() {
    private val tasks get() = BgsvcProcess.finiteTasks(application)
    private val keeper = FiniteTasks.Keeper { finish() }
    private var current: JobParameters? = null

    /** Returns whether there is something left to do. */
    override fun onStartJob(params: JobParameters): Boolean {
        current = params
        tasks.hold(keeper)
        return current != null
    }

    /** Android takes its time back; false, for what a process had to finish dies with it. */
    override fun onStopJob(params: JobParameters): Boolean {
        current = null
        tasks.expire()
        return false
    }

    private fun finish() {
        current?.let { jobFinished(it, false) }
        current = null
    }

    internal companion object {
        /** Asks for the job: at once where Android has such jobs and grants one, else as soon as may be. */
        fun schedule(app: Application) {
            try {
                ask(app)
            } catch (e: PackageManager.NameNotFoundException) {
                Log.e("bgsvc", "the generated manifest is not part of the app's", e)
            } catch (e: IllegalArgumentException) {
                Log.e("bgsvc", "Android does not take the job", e)
            }
        }

        private fun ask(app: Application) {
            val component = ComponentName(app, FiniteTaskJob::class.java)
            val scheduler = app.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
            // The icon's number is the app's alone, and no service's label has it.
            val info = app.packageManager.getServiceInfo(component, PackageManager.GET_META_DATA)
            val builder = JobInfo.Builder(info.metaData.getInt(Declared.ICON), component)
            val isTaken =
                Build.VERSION.SDK_INT >= Build.VERSION_CODES.S &&
                    scheduler.schedule(builder.setExpedited(true).build()) == JobScheduler.RESULT_SUCCESS
            if (isTaken) return
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) builder.setExpedited(false)
            scheduler.schedule(builder.setMinimumLatency(1).build())
        }
    }
}
