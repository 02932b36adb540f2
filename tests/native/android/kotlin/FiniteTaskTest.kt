package dev.bgsvc.tests

import android.app.Activity
import android.app.job.JobInfo
import android.app.job.JobParameters
import android.app.job.JobScheduler
import android.content.Context
import android.content.Intent
import android.content.pm.ServiceInfo
import android.os.Looper
import dev.bgsvc.Bgsvc
import dev.bgsvc.FiniteTaskJob
import dev.bgsvc.FiniteTaskService
import org.example.heartbeat.R
import org.example.heartbeat.bgsvc.FinishingService
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadow.api.Shadow
import java.time.Duration
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.concurrent.thread

/** Finite tasks: what keeps the process alive for them when the user leaves the app. */
@RunWith(RobolectricTestRunner::class)
class FiniteTaskTest {
    private val app = RuntimeEnvironment.getApplication()
    private val scheduler = app.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
    private val activity = Robolectric.buildActivity(Activity::class.java).create()
    private val service by lazy { Robolectric.buildService(FiniteTaskService::class.java).create().get() }
    private val shadow by lazy { shadowOf(service) }
    private val expired = CopyOnWriteArrayList<String>()
    private val task = Bgsvc.beginFiniteTask(app) { expired += "task" }

    @After
    fun end() {
        task.end()
        advance(0)
    }

    @Test
    fun `a short service starts when the user leaves, and ends with the task`() {
        activity.start()
        assertNull(task.remainingMillis)
        activity.stop()
        assertEquals(180_000L, task.remainingMillis)
        service.onStartCommand(requestedServices().single(), 0, 1)

        assertEquals(ServiceInfo.FOREGROUND_SERVICE_TYPE_SHORT_SERVICE, service.foregroundServiceType)
        assertEquals(R.drawable.bgsvc_notification, shadow.lastForegroundNotification.smallIcon.resId)
        assertFalse(shadow.isStoppedBySelf)
        thread { task.close() }.join()
        advance(0)
        assertTrue(shadow.isForegroundStopped && shadow.isStoppedBySelf)
        assertEquals(emptyList<String>(), expired)
    }

    @Test
    fun `a task that ends while the user sees the app starts no service`() {
        activity.start()
        task.end()
        advance(0)
        activity.stop()

        assertEquals(emptyList<Intent>(), requestedServices())
    }

    @Test
    fun `a recreated activity starts no service`() {
        activity.start().resume()
        activity.recreate()

        assertEquals(emptyList<Intent>(), requestedServices())
        assertNull(task.remainingMillis)
    }

    @Test
    fun `a task that begins in the background starts a short service`() {
        activity.start().stop()
        requestedServices()
        task.end()
        advance(0)
        Bgsvc.beginFiniteTask(app) {}.use {
            assertEquals(FiniteTaskService::class.java.name, requestedServices().single().component?.className)
            assertEquals(180_000L, it.remainingMillis)
        }
    }

    @Test
    fun `the short service ends when the user returns to the app`() {
        activity.start().stop()
        service.onStartCommand(requestedServices().single(), 0, 1)
        activity.start()

        assertTrue(shadow.isStoppedBySelf)
        assertNull(task.remainingMillis)
        advance(200)
        assertEquals(emptyList<String>(), expired)
    }

    @Test
    fun `a short service without a task enters the foreground before it ends`() {
        activity.start().stop()
        val late = requestedServices().single()
        activity.start()
        service.onStartCommand(late, 0, 1)

        assertEquals(R.drawable.bgsvc_notification, shadow.lastForegroundNotificationId)
        assertTrue(shadow.isStoppedBySelf)
    }

    @Test
    fun `both timeouts expire a task once, and the service ends eight seconds later`() {
        activity.start().stop()
        service.onStartCommand(requestedServices().single(), 0, 1)
        service.onTimeout(1)
        service.onTimeout(1, ServiceInfo.FOREGROUND_SERVICE_TYPE_SHORT_SERVICE)
        advance(7)

        assertEquals(listOf("task"), expired)
        assertFalse(shadow.isStoppedBySelf)
        advance(1)
        assertTrue(shadow.isStoppedBySelf)
    }

    @Test
    fun `a task expires after three minutes where Android sets no limit`() {
        activity.start().stop()
        service.onStartCommand(requestedServices().single(), 0, 1)
        advance(179)
        assertEquals(emptyList<String>(), expired)
        advance(1)

        assertEquals(listOf("task"), expired)
    }

    @Test
    fun `a job is scheduled where Android refuses the short service`() {
        activity.start().stop()
        shadow.setThrowInStartForeground(IllegalStateException("in the background"))
        service.onStartCommand(requestedServices().single(), 0, 1)
        val pending: JobInfo = scheduler.allPendingJobs.single()
        val job = Robolectric.buildService(FiniteTaskJob::class.java).create().get()
        val parameters = Shadow.newInstanceOf(JobParameters::class.java)

        assertTrue(shadow.isStoppedBySelf)
        assertEquals(FiniteTaskJob::class.java.name, pending.service.className)
        assertTrue(pending.isExpedited)
        assertTrue(job.onStartJob(parameters))
        assertFalse(job.onStopJob(parameters))
        assertEquals(listOf("task"), expired)
    }

    @Test
    fun `the job ends with the task, and a job without a task does nothing`() {
        activity.start().stop()
        shadow.setThrowInStartForeground(SecurityException("no permission"))
        service.onStartCommand(requestedServices().single(), 0, 1)
        val job = Robolectric.buildService(FiniteTaskJob::class.java).create().get()
        val parameters = Shadow.newInstanceOf(JobParameters::class.java)

        assertTrue(job.onStartJob(parameters))
        task.end()
        advance(0)
        assertTrue(shadowOf(job).isJobFinished)
        assertFalse(job.onStartJob(parameters))
    }

    @Test
    fun `Python gets the remaining time of a task, and its expiry`() {
        activity.start()
        ServiceDriver(FinishingService::class.java).use {
            it.command()
            it.await("open")
            task.end()
            advance(0)
            activity.stop()
            service.onStartCommand(requestedServices().single(), 0, 1)
            val granted = it.await("limit").data.getDouble("seconds")
            service.onTimeout(1)
            service.onTimeout(1, ServiceInfo.FOREGROUND_SERVICE_TYPE_SHORT_SERVICE)
            it.await("expired")
            it.until("the end of the short service") { shadow.isStoppedBySelf }

            assertTrue("$granted", granted in 170.0..180.0)
            assertEquals(1, it.all("expired").size)
        }
    }

    private fun advance(seconds: Long) = shadowOf(Looper.getMainLooper()).idleFor(Duration.ofSeconds(seconds))

    private fun requestedServices(): List<Intent> =
        generateSequence { shadowOf(app).nextStartedService }
            .filter { it.component?.className == FiniteTaskService::class.java.name }
            .toList()
}
