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

/** Jobs: what is asked for, what happens while Android grants them, and what follows a time limit. */
@RunWith(RobolectricTestRunner::class)
class JobTest {
    private val app = RuntimeEnvironment.getApplication()
    private val scheduler = app.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler

    @Test
    fun `a job is asked for as the spec says`() {
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
        // A resource's number would be another's after an update, and the job still there.
        assertEquals(numberOf(TidyJob.NAME), tidy.id)
        assertEquals(numberOf(UploadJob.NAME), upload.id)
    }

    @Test
    fun `what Android promises is what it promises of this job`() {
        for ((type, mode) in MODES) {
            DrivenJob(type).use {
                it.grant()
                it.await("started")

                assertEquals(mode, it.mode())
            }
        }
        Driven(LaterService::class.java).use {
            it.command()
            it.await("started")

            assertEquals("androidForegroundService", it.mode())
        }
    }

    @Test
    fun `a job that Android does not take is refused with a reason`() {
        val context =
            object : ContextWrapper(app) {
                override fun getSystemService(name: String): Any? =
                    if (name == JOB_SCHEDULER_SERVICE) error("150 jobs") else super.getSystemService(name)
            }

        val refused = UploadJob.schedule(context) as StartResult.Refused
        assertEquals("platform: 150 jobs", refused.error.toString())
    }

    @Test
    fun `the system sees a job that it alone may bind to`() {
        val info = app.packageManager.getServiceInfo(ComponentName(app, TidyJob::class.java), 0)

        assertEquals("android.permission.BIND_JOB_SERVICE", info.permission)
        assertFalse(info.exported)
    }

    @Test
    fun `a granted job runs its Python class, and the processor is given back when that ends`() {
        DrivenJob(TidyJob::class.java).use {
            it.grant()
            assertEquals("task", it.await("started").data.getString("reason"))
            assertFalse(it.isFinished)
            assertNull(it.shown)
            Bgsvc.stop(app, TidyJob.NAME, StopReason.USER_STOP)

            assertEquals("userStop", it.await("stopped").data.getString("reason"))
            assertTrue(it.isFinished)
            assertFalse(it.shadow.isRescheduleNeeded)
        }
    }

    @Test
    fun `what is stopped does not come back at its next period`() {
        DrivenJob(TidyJob::class.java).use {
            TidyJob.schedule(app)
            it.grant()
            it.await("started")
            Bgsvc.stop(app, TidyJob.NAME)
            assertEquals(1, scheduler.allPendingJobs.size)
            it.await("stopped")

            assertEquals(emptyList<JobInfo>(), scheduler.allPendingJobs)
        }
    }

    @Test
    fun `a stop calls off a job that has not begun`() {
        TidyJob.schedule(app)
        UploadJob.schedule(app)
        Bgsvc.stop(app, TidyJob.NAME)

        val left = scheduler.allPendingJobs.map { it.service.className }
        assertEquals(listOf(UploadJob::class.java.name), left)
    }

    @Test
    fun `a transfer of the user's shows its notification at once`() {
        DrivenJob(UploadJob::class.java).use {
            it.grant()
            val (id, notification) = checkNotNull(it.shown)

            assertEquals(R.string.bgsvc_upload_label, id)
            assertEquals("bgsvc.upload", notification.channelId)
            assertEquals("upload", notification.extras.getString(Notification.EXTRA_TITLE))
            it.await("started")
        }
    }

    @Test
    fun `why Android ends a job is why its run ends, and what it is granted again for`() {
        val reasons =
            mapOf(
                JobParameters.STOP_REASON_TIMEOUT to ("platformTimeout" to true),
                JobParameters.STOP_REASON_CONSTRAINT_CONNECTIVITY to ("processExit" to true),
                JobParameters.STOP_REASON_USER to ("userStop" to false),
                JobParameters.STOP_REASON_CANCELLED_BY_APP to ("appStop" to false),
            )
        for ((reason, expected) in reasons) {
            DrivenJob(UploadJob::class.java).use {
                it.grant()
                it.await("started")
                val again = it.take(reason)

                assertEquals(expected, it.await("stopped").data.getString("reason") to again)
            }
        }
    }

    @Test
    fun `after a time limit the same class goes on in a job`() {
        Driven(LaterService::class.java).use {
            it.command()
            it.await("started")
            it.timeOut(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)
            it.await("stopped")
            assertEquals(ComponentName(app, LaterJob::class.java), scheduler.allPendingJobs.single().service)
        }
        DrivenJob(LaterJob::class.java).use {
            it.grant()
            assertEquals("task", it.await("started").data.getString("reason"))
        }
    }

    @Test
    fun `a job that begins while the service still ends lets the service go`() {
        Driven(LaterService::class.java).use { service ->
            service.command()
            service.await("started")
            service.timeOut(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)
            DrivenJob(LaterJob::class.java).use { job ->
                job.grant()

                assertEquals("task", service.await("started", 2).data.getString("reason"))
                assertTrue(service.shadow.isForegroundStopped && service.shadow.isStoppedBySelf)
                assertFalse(job.isFinished)
            }
        }
    }

    private fun numberOf(name: String) = CRC32().apply { update(name.toByteArray()) }.value.toInt() and Int.MAX_VALUE

    private fun Heard.mode(): String {
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
