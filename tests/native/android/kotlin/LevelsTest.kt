package dev.bgsvc.tests

import android.app.job.JobParameters
import android.content.Intent
import android.content.pm.ServiceInfo
import dev.bgsvc.Bgsvc
import dev.bgsvc.BootReceiver
import dev.bgsvc.ServiceState
import dev.bgsvc.StopReason
import dev.bgsvc.TimeLimitedService
import org.example.heartbeat.bgsvc.ButtonsService
import org.example.heartbeat.bgsvc.CrashService
import org.example.heartbeat.bgsvc.HeartbeatService
import org.example.heartbeat.bgsvc.StubbornService
import org.example.heartbeat.bgsvc.TidyJob
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config

/** What has to be so on each of Android's API levels; each has a JVM of its own. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34, 35, 37])
class LevelsTest {
    @Test
    fun `a service runs in the foreground of its type, and stops`() {
        Driven(HeartbeatService::class.java).use {
            it.command()
            assertEquals(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC, it.service.foregroundServiceType)
            assertEquals("bgsvc.heartbeat", it.shadow.lastForegroundNotification.channelId)
            it.await("beat", 2)
            Bgsvc.stop(it.app, HeartbeatService.NAME, StopReason.USER_STOP)

            assertEquals("userStop", it.await("stopped").data.getString("reason"))
            assertTrue(it.shadow.isStoppedBySelf)
            assertEquals(ServiceState.STOPPED, Bgsvc.state(HeartbeatService.NAME))
        }
    }

    @Test
    fun `both timeouts of a short service are one, and end it`() {
        Driven(StubbornService::class.java).use {
            it.command()
            it.await("started")
            val service = it.service as TimeLimitedService
            service.onTimeout(1)
            service.onTimeout(1, ServiceInfo.FOREGROUND_SERVICE_TYPE_SHORT_SERVICE)

            assertEquals("platformTimeout", it.await("stopped").data.getString("reason"))
            assertEquals(1, it.all("stopped").size)
        }
    }

    @Test
    fun `a job runs, and is granted again if Android ends it`() {
        DrivenJob(TidyJob::class.java).use {
            it.grant()
            assertEquals("task", it.await("started").data.getString("reason"))

            assertTrue(it.take(JobParameters.STOP_REASON_TIMEOUT))
            assertEquals("platformTimeout", it.await("stopped").data.getString("reason"))
        }
    }

    @Test
    fun `an exception in Python ends the service, and not the app`() {
        Driven(CrashService::class.java).use {
            it.command()

            assertEquals("error", it.await("stopped").data.getString("reason"))
            assertTrue(it.shadow.isStoppedBySelf)
        }
    }

    @Test
    fun `a refused foreground is an error and an offer`() {
        Driven(HeartbeatService::class.java).use {
            it.shadow.setThrowInStartForeground(SecurityException("no permission"))
            it.command()

            assertEquals("platform", it.await("error").data.getString("code"))
            assertTrue(it.shadow.isStoppedBySelf)
        }
    }

    @Test
    fun `the device's start reaches the service that wants it`() {
        val app = RuntimeEnvironment.getApplication()
        BootReceiver().onReceive(app, Intent(Intent.ACTION_BOOT_COMPLETED))

        val intent = shadowOf(app).nextStartedService
        assertNotNull(intent)
        Driven(ButtonsService::class.java).use {
            it.command(intent)
            assertEquals("boot", it.await("started").data.getString("reason"))
        }
    }
}
