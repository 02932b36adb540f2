package dev.bgsvc.tests

import android.app.ForegroundServiceStartNotAllowedException
import android.app.Notification
import android.app.NotificationManager
import android.app.Service
import android.content.ComponentName
import android.content.Context
import android.content.Intent
import android.content.pm.ServiceInfo
import dev.bgsvc.Bgsvc
import dev.bgsvc.ServiceState
import dev.bgsvc.StartReason
import dev.bgsvc.StartResult
import dev.bgsvc.StopReason
import org.example.heartbeat.R
import org.example.heartbeat.bgsvc.CrashService
import org.example.heartbeat.bgsvc.FlakyService
import org.example.heartbeat.bgsvc.HeartbeatService
import org.example.heartbeat.bgsvc.PatientService
import org.example.heartbeat.bgsvc.StubbornService
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf

/** The generated services on the framework of API 36, with their Python in this process. */
@RunWith(RobolectricTestRunner::class)
class ForegroundServiceTest {
    @Test
    fun `a start reaches Android with its reason`() {
        val app = RuntimeEnvironment.getApplication()

        assertEquals(StartResult.Accepted, Bgsvc.start(app, HeartbeatService::class.java, StartReason.USER))
        val intent = shadowOf(app).nextStartedService
        assertEquals(ComponentName(app, HeartbeatService::class.java), intent.component)
        ServiceDriver(HeartbeatService::class.java).use {
            it.command(intent)
            assertEquals("user", it.await("started").data.getString("reason"))
        }
    }

    @Test
    fun `Android reads the service as the manifest declares it`() {
        val app = RuntimeEnvironment.getApplication()
        val info = app.packageManager.getServiceInfo(ComponentName(app, HeartbeatService::class.java), 0)

        assertEquals(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC, info.foregroundServiceType)
        assertFalse(info.exported)
        assertEquals("Heartbeat is running", info.loadLabel(app.packageManager))
    }

    @Test
    fun `a command puts the service in the foreground before anything else`() {
        ServiceDriver(HeartbeatService::class.java).use {
            assertEquals(Service.START_NOT_STICKY, it.command())

            assertEquals(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC, it.service.foregroundServiceType)
            assertEquals(R.string.bgsvc_heartbeat_label, it.shadow.lastForegroundNotificationId)
            val notification = it.shadow.lastForegroundNotification
            assertEquals("bgsvc.heartbeat", notification.channelId)
            assertEquals("Heartbeat is running", notification.extras.getString(Notification.EXTRA_TITLE))
            assertEquals(R.drawable.bgsvc_notification, notification.smallIcon.resId)
            val channel = notifications(it).getNotificationChannel(notification.channelId)
            assertEquals("Heartbeat is running", channel.name)
            assertEquals(emptyList<String>(), it.names())
        }
    }

    @Test
    fun `the Python service runs, and its events arrive in order`() {
        ServiceDriver(HeartbeatService::class.java).use {
            it.command()

            assertEquals(1, it.await("beat").data.getInt("count"))
            assertEquals(2, it.await("beat", 2).data.getInt("count"))
            assertEquals(listOf("started", "beat", "beat"), it.names())
            assertEquals(it.events.map { event -> event.seq }.sorted(), it.events.map { event -> event.seq })
            assertEquals(ServiceState.RUNNING, Bgsvc.state(HeartbeatService.NAME))
        }
    }

    @Test
    fun `a notification from Python is shown`() {
        ServiceDriver(HeartbeatService::class.java).use {
            it.command()
            it.until("a notification") { shownByPython(it).isNotEmpty() }

            val shown = shownByPython(it).first().extras
            assertEquals("Heartbeat", shown.getString(Notification.EXTRA_TITLE))
            assertEquals("Beat 1", shown.getString(Notification.EXTRA_TEXT))
        }
    }

    @Test
    fun `a stop lets Python emit its last events before the service ends`() {
        ServiceDriver(HeartbeatService::class.java).use {
            it.command()
            it.await("beat")
            Bgsvc.stop(it.app, HeartbeatService.NAME, StopReason.USER_STOP)

            assertEquals("userStop", it.await("stopped").data.getString("reason"))
            assertEquals("userStop", it.await("goodbye").data.getString("reason"))
            assertEquals(listOf("goodbye", "stopped"), it.names().takeLast(2))
            assertEnded(it)
        }
    }

    @Test
    fun `a stopping service stays in the foreground until Python has stopped`() {
        ServiceDriver(HeartbeatService::class.java).use {
            it.command()
            it.await("beat")
            Bgsvc.stop(it.app, HeartbeatService.NAME)

            assertEquals(ServiceState.STOPPING, Bgsvc.state(HeartbeatService.NAME))
            assertFalse(it.shadow.isStoppedBySelf)
            assertFalse(it.shadow.isForegroundStopped)
        }
    }

    @Test
    fun `a stop intent stops the service`() {
        ServiceDriver(HeartbeatService::class.java).use {
            it.command()
            it.await("started")
            it.command(Bgsvc.stopIntent(it.app, HeartbeatService::class.java), 2)

            assertEquals("nativeNotificationStop", it.await("stopped").data.getString("reason"))
            assertEnded(it)
        }
    }

    @Test
    fun `a stop intent without a run ends the service at once`() {
        ServiceDriver(HeartbeatService::class.java).use {
            it.command(Bgsvc.stopIntent(it.app, HeartbeatService::class.java))

            assertTrue(it.shadow.isStoppedBySelf)
            assertEquals(emptyList<String>(), it.names())
        }
    }

    @Test
    fun `a type's time limit stops the run and the service`() {
        ServiceDriver(HeartbeatService::class.java).use {
            it.command()
            it.await("beat")
            it.reachTimeLimit(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)

            assertEquals("platformTimeout", it.await("stopped").data.getString("reason"))
            assertEquals(1, it.all("goodbye").size)
            assertEnded(it)
        }
    }

    @Test
    fun `both timeouts of a short service stop the run once`() {
        ServiceDriver(HeartbeatService::class.java).use {
            it.command()
            it.await("started")
            it.service.onTimeout(1)
            it.reachTimeLimit(ServiceInfo.FOREGROUND_SERVICE_TYPE_SHORT_SERVICE)

            it.await("stopped")
            it.advance(20)
            assertEquals(1, it.all("stopped").size)
            assertEquals(0, it.all("error").size)
        }
    }

    @Test
    fun `an exception in Python is an error and ends the service`() {
        ServiceDriver(CrashService::class.java).use {
            it.command()

            assertEquals("error", it.await("stopped").data.getString("reason"))
            val error = it.await("error").data
            assertEquals("runtime", error.getString("code"))
            assertTrue(error.toString(), "ZeroDivisionError" in error.getString("message"))
            assertEquals(listOf("error", "stopped"), it.names().takeLast(2))
            assertEnded(it)
        }
    }

    @Test
    fun `a run that Python restarts keeps its service`() {
        ServiceDriver(FlakyService::class.java).use {
            it.command()
            val first = it.await("stopped")

            assertTrue(first.data.toString(), first.data.has("restartIn"))
            assertEquals("restart", it.await("started", 2).data.getString("reason"))
            assertFalse(it.shadow.isStoppedBySelf)
            assertFalse(it.shadow.isForegroundStopped)
        }
    }

    @Test
    fun `a stop between two runs ends the service`() {
        ServiceDriver(PatientService::class.java).use {
            it.command()
            it.await("stopped")
            Bgsvc.stop(it.app, PatientService.NAME)

            it.until("the end") { it.shadow.isStoppedBySelf }
            assertEnded(it)
        }
    }

    @Test
    fun `a run that does not stop in time loses its service`() {
        ServiceDriver(StubbornService::class.java).use {
            it.command()
            it.await("started")
            it.service.onTimeout(1)
            it.advance(7)
            assertFalse(it.shadow.isStoppedBySelf)
            it.advance(2)

            assertEquals("stopTimeout", it.await("error").data.getString("code"))
            assertEnded(it, ServiceState.STOPPING)
            it.command(startId = 2)
            assertEquals("stillStopping", it.await("error", 2).data.getString("code"))
            assertEquals("platformTimeout", it.await("stopped").data.getString("reason"))
        }
    }

    @Test
    fun `a refused start is an error, and Python does not run`() {
        ServiceDriver(HeartbeatService::class.java).use {
            it.shadow.setThrowInStartForeground(SecurityException("no permission for dataSync"))
            it.command()

            val error = it.await("error").data
            assertEquals("platform", error.getString("code"))
            assertEquals("no permission for dataSync", error.getString("message"))
            assertTrue(it.shadow.isStoppedBySelf)
            it.advance(1)
            assertEquals(listOf("error"), it.names())
        }
    }

    @Test
    fun `a used-up time limit has its own error code`() {
        ServiceDriver(HeartbeatService::class.java).use {
            val text = "Time limit already exhausted for foreground service type dataSync"
            it.shadow.setThrowInStartForeground(ForegroundServiceStartNotAllowedException(text))
            it.command()

            assertEquals("quotaExhausted", it.await("error").data.getString("code"))
        }
    }

    @Test
    fun `a null intent starts with the reason osRestart`() {
        ServiceDriver(HeartbeatService::class.java).use {
            it.command(null)

            assertEquals("osRestart", it.await("started").data.getString("reason"))
        }
    }

    @Test
    fun `a second start does not change the run`() {
        ServiceDriver(HeartbeatService::class.java).use {
            it.command()
            it.command(Intent(), 2)
            it.await("beat", 2)

            assertEquals(1, it.all("started").size)
            assertEquals(0, it.all("error").size)
        }
    }

    @Test
    fun `a start during a stop starts another run after it`() {
        ServiceDriver(HeartbeatService::class.java).use {
            it.command()
            it.await("beat")
            Bgsvc.stop(it.app, HeartbeatService.NAME)
            it.command(Intent(), 2)

            val second = it.await("started", 2)
            assertEquals(it.all("stopped").single().run + 1, second.run)
            assertFalse(it.shadow.isStoppedBySelf)
        }
    }

    @Test
    fun `a service that Android destroys asks its run to end`() {
        ServiceDriver(HeartbeatService::class.java).use {
            it.command()
            it.await("beat")
            it.service.onDestroy()

            assertEquals("appStop", it.await("stopped").data.getString("reason"))
        }
    }

    private fun assertEnded(
        driver: ServiceDriver,
        state: ServiceState = ServiceState.STOPPED,
    ) {
        assertTrue(driver.shadow.isForegroundStopped)
        assertTrue(driver.shadow.notificationShouldRemoved)
        assertTrue(driver.shadow.isStoppedBySelf)
        assertEquals(state, Bgsvc.state(driver.name))
    }

    private fun notifications(driver: ServiceDriver): NotificationManager {
        val manager = driver.app.getSystemService(Context.NOTIFICATION_SERVICE)
        assertNotNull(manager)
        return manager as NotificationManager
    }

    private fun shownByPython(driver: ServiceDriver) =
        shadowOf(notifications(driver))
            .allNotifications
            .filter { it.extras.getString(Notification.EXTRA_TEXT) != null }
}
