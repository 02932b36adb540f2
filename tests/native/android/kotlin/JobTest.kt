package dev.bgsvc.tests

import android.app.Notification
import android.app.job.JobInfo
import android.app.job.JobParameters
import android.app.job.JobScheduler
import android.content.ComponentName
import android.content.Context
import android.content.ContextWrapper
import android.content.pm.ServiceInfo
import dev.bgsvc.Bgsvc
import dev.bgsvc.BgsvcAnswer
import dev.bgsvc.BgsvcError
import dev.bgsvc.StartResult
import dev.bgsvc.StopReason
import org.example.heartbeat.R
import org.example.heartbeat.bgsvc.LaterJob
import org.example.heartbeat.bgsvc.LaterService
import org.example.heartbeat.bgsvc.TidyJob
import org.example.heartbeat.bgsvc.UploadJob
import org.json.JSONObject
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import java.util.zip.CRC32

/** Jobs: their conditions, their runs, and the job that follows a time limit. */
@RunWith(RobolectricTestRunner::class)
class JobTest {
    private val app = RuntimeEnvironment.getApplication()
    private val scheduler = app.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler

    @Test
    fun `a scheduled job has the conditions of the spec`() {
        assertEquals(StartResult.Accepted, TidyJob.schedule(app))
        assertEquals(StartResult.Accepted, UploadJob.schedule(app))
        val jobs = scheduler.allPendingJobs.associateBy { it.service.className }
        val tidy = jobs.getValue(TidyJob::class.java.name)
        val upload = jobs.getValue(UploadJob::class.java.name)

        assertTrue(tidy.isRequireCharging && tidy.isPersisted && tidy.isPeriodic)
        assertEquals(3_600_000, tidy.intervalMillis)
        assertNull(tidy.requiredNetwork)
        assertTrue(upload.isUserInitiated)
        assertNotNull(upload.requiredNetwork)
        // A resource id changes with an update of the app, and a scheduled job outlives that.
        assertEquals(jobIdOf(TidyJob.NAME), tidy.id)
        assertEquals(jobIdOf(UploadJob.NAME), upload.id)
    }

    @Test
    fun `the capabilities are those of what the run runs in`() {
        for ((type, mode) in MODES) {
            JobDriver(type).use {
                it.start()
                it.await("started")

                assertEquals(mode, it.mode())
            }
        }
        ServiceDriver(LaterService::class.java).use {
            it.command()
            it.await("started")

            assertEquals("androidForegroundService", it.mode())
        }
    }

    @Test
    fun `a job that Android does not schedule is refused with its reason`() {
        val context =
            object : ContextWrapper(app) {
                override fun getSystemService(name: String): Any? =
                    if (name == JOB_SCHEDULER_SERVICE) error("150 jobs") else super.getSystemService(name)
            }

        val result = UploadJob.schedule(context) as StartResult.Refused
        assertEquals("platform: 150 jobs", result.error.toString())
    }

    @Test
    fun `a job's service can be bound by Android alone`() {
        val info = app.packageManager.getServiceInfo(ComponentName(app, TidyJob::class.java), 0)

        assertEquals("android.permission.BIND_JOB_SERVICE", info.permission)
        assertFalse(info.exported)
    }

    @Test
    fun `a granted job runs its Python class, and finishes when that ends`() {
        JobDriver(TidyJob::class.java).use {
            it.start()
            assertEquals("task", it.await("started").data.getString("reason"))
            assertFalse(it.isFinished)
            assertNull(it.notification)
            Bgsvc.stop(app, TidyJob.NAME, StopReason.USER_STOP)

            assertEquals("userStop", it.await("stopped").data.getString("reason"))
            assertTrue(it.isFinished)
            assertFalse(it.shadow.isRescheduleNeeded)
        }
    }

    @Test
    fun `a stop of a periodic job cancels its next period`() {
        JobDriver(TidyJob::class.java).use {
            TidyJob.schedule(app)
            it.start()
            it.await("started")
            Bgsvc.stop(app, TidyJob.NAME)
            assertEquals(1, scheduler.allPendingJobs.size)
            it.await("stopped")

            assertEquals(emptyList<JobInfo>(), scheduler.allPendingJobs)
        }
    }

    @Test
    fun `a stop cancels a job that has not started`() {
        TidyJob.schedule(app)
        UploadJob.schedule(app)
        Bgsvc.stop(app, TidyJob.NAME)

        val left = scheduler.allPendingJobs.map { it.service.className }
        assertEquals(listOf(UploadJob::class.java.name), left)
    }

    @Test
    fun `a user-initiated transfer shows its notification at once`() {
        JobDriver(UploadJob::class.java).use {
            it.start()
            val (id, notification) = checkNotNull(it.notification)

            assertEquals(R.string.bgsvc_upload_label, id)
            assertEquals("bgsvc.upload", notification.channelId)
            assertEquals("upload", notification.extras.getString(Notification.EXTRA_TITLE))
            it.await("started")
        }
    }

    @Test
    fun `Android's reason to stop a job decides the run's stop reason and whether the job runs again`() {
        val reasons =
            mapOf(
                JobParameters.STOP_REASON_TIMEOUT to ("platformTimeout" to true),
                JobParameters.STOP_REASON_CONSTRAINT_CONNECTIVITY to ("processExit" to true),
                JobParameters.STOP_REASON_USER to ("userStop" to false),
                JobParameters.STOP_REASON_CANCELLED_BY_APP to ("appStop" to false),
            )
        for ((reason, expected) in reasons) {
            JobDriver(UploadJob::class.java).use {
                it.start()
                it.await("started")
                val runsAgain = it.stop(reason)

                assertEquals(expected, it.await("stopped").data.getString("reason") to runsAgain)
            }
        }
    }

    @Test
    fun `a job runs the same class after a time limit`() {
        ServiceDriver(LaterService::class.java).use {
            it.command()
            it.await("started")
            it.reachTimeLimit(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)
            it.await("stopped")
            assertEquals(ComponentName(app, LaterJob::class.java), scheduler.allPendingJobs.single().service)
        }
        JobDriver(LaterJob::class.java).use {
            it.start()
            assertEquals("task", it.await("started").data.getString("reason"))
        }
    }

    @Test
    fun `a job that starts while the service is stopping releases the service`() {
        ServiceDriver(LaterService::class.java).use { service ->
            service.command()
            service.await("started")
            service.reachTimeLimit(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)
            JobDriver(LaterJob::class.java).use { job ->
                job.start()

                assertEquals("task", service.await("started", 2).data.getString("reason"))
                assertTrue(service.shadow.isForegroundStopped && service.shadow.isStoppedBySelf)
                assertFalse(job.isFinished)
            }
        }
    }

    private fun jobIdOf(name: String) = CRC32().apply { update(name.toByteArray()) }.value.toInt() and Int.MAX_VALUE

    private fun EventRecorder.mode(): String {
        var mode = ""
        Bgsvc.capabilities(
            object : BgsvcAnswer {
                override fun onAnswer(json: String) {
                    mode = JSONObject(json).getString("mode")
                }

                override fun onError(error: BgsvcError) = throw AssertionError(error.toString())
            },
        )
        until("the answer") { mode != "" }
        return mode
    }

    private companion object {
        val MODES =
            listOf(
                TidyJob::class.java to "androidJob",
                UploadJob::class.java to "androidUserInitiatedJob",
                LaterJob::class.java to "androidJob",
            )
    }
}
