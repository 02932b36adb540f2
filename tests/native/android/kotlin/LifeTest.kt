package dev.bgsvc.tests

import android.app.ActivityManager
import android.app.ApplicationExitInfo
import android.app.ForegroundServiceStartNotAllowedException
import android.app.Notification
import android.app.NotificationManager
import android.app.job.JobParameters
import android.app.job.JobScheduler
import android.content.ComponentName
import android.content.Context
import android.content.ContextWrapper
import android.content.Intent
import android.content.pm.ServiceInfo
import android.os.PowerManager
import dev.bgsvc.Bgsvc
import dev.bgsvc.BgsvcAnswer
import dev.bgsvc.BgsvcError
import dev.bgsvc.BootReceiver
import dev.bgsvc.StartResult
import dev.bgsvc.StopReason
import org.example.heartbeat.bgsvc.AskingService
import org.example.heartbeat.bgsvc.ButtonsService
import org.example.heartbeat.bgsvc.HeartbeatService
import org.example.heartbeat.bgsvc.KilledService
import org.example.heartbeat.bgsvc.LaterJob
import org.example.heartbeat.bgsvc.LaterService
import org.json.JSONArray
import org.json.JSONObject
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
import org.robolectric.annotation.Config
import org.robolectric.shadow.api.Shadow
import org.robolectric.shadows.ShadowActivityManager
import org.robolectric.shadows.ShadowPowerManager

/** What happens around a run: boot, kills, refusals, buttons, time limits and what comes after them. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [36])
class LifeTest {
    private val app = RuntimeEnvironment.getApplication()
    private val notifications = app.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager

    @Test
    fun `the device's start starts what shall start with it, and nothing else`() {
        receive(Intent.ACTION_BOOT_COMPLETED)

        assertEquals(listOf(ButtonsService::class.java.name), started().map { it.component?.className })
    }

    @Test
    fun `a second message of the device's start starts no second run`() {
        Driven(ButtonsService::class.java).use {
            repeat(2) { _ ->
                receive(Intent.ACTION_BOOT_COMPLETED)
                started().forEach { intent -> it.command(intent) }
            }

            assertEquals("boot", it.await("started").data.getString("reason"))
            it.command(Bgsvc.stopIntent(app, ButtonsService::class.java))
            it.await("stopped")
            assertEquals(1, it.all("started").size)
        }
    }

    @Test
    fun `what the user stopped does not start with the device`() {
        Driven(ButtonsService::class.java).use {
            it.command()
            it.await("started")
            Bgsvc.stop(ButtonsService.NAME, StopReason.USER_STOP)
            it.await("stopped")
        }
        receive(Intent.ACTION_BOOT_COMPLETED)

        assertEquals(false, Bgsvc.isWanted(app, ButtonsService.NAME))
        assertEquals(emptyList<Intent>(), started())
    }

    @Test
    fun `an update of the app starts again what is wanted`() {
        Bgsvc.start(app, HeartbeatService::class.java)
        started()
        receive(Intent.ACTION_MY_PACKAGE_REPLACED)

        val again = started().single()
        assertEquals(ComponentName(app, HeartbeatService::class.java), again.component)
        Driven(HeartbeatService::class.java).use {
            it.command(again)
            assertEquals("replay", it.await("started").data.getString("reason"))
        }
    }

    @Test
    fun `a wish is on the disk when the start returns`() {
        assertNull(Bgsvc.isWanted(app, HeartbeatService.NAME))
        Bgsvc.start(app, HeartbeatService::class.java)

        assertEquals(true, Bgsvc.isWanted(app, HeartbeatService.NAME))
    }

    @Test
    fun `a time limit leaves the wish as it was`() {
        Driven(HeartbeatService::class.java).use {
            Bgsvc.start(app, HeartbeatService::class.java)
            it.command()
            it.await("beat")
            it.service.onTimeout(1, ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)
            it.await("stopped")

            assertEquals(true, Bgsvc.isWanted(app, HeartbeatService.NAME))
        }
    }

    @Test
    fun `the history tells of each run how it began and ended`() {
        Driven(HeartbeatService::class.java).use {
            it.command()
            it.await("beat")
            Bgsvc.stop(HeartbeatService.NAME, StopReason.USER_STOP)
            it.await("stopped")
        }
        val run = JSONArray(Bgsvc.history(app, HeartbeatService.NAME)).getJSONObject(0)

        assertEquals("app", run.getString("startReason"))
        assertEquals("userStop", run.getString("reason"))
        assertTrue(run.toString(), run.getDouble("ended") >= run.getDouble("started"))
    }

    @Test
    fun `the system's restart brings nothing back that the user has stopped`() {
        Driven(HeartbeatService::class.java).use {
            it.command()
            it.await("beat")
            Bgsvc.stop(HeartbeatService.NAME, StopReason.USER_STOP)
            it.await("stopped")
            it.command(null, 2)

            assertTrue(it.shadow.isStoppedBySelf)
            assertEquals(1, it.all("started").size)
        }
    }

    @Test
    fun `a refused start shows what to tap, and says why`() {
        val context =
            object : ContextWrapper(app) {
                override fun startForegroundService(service: Intent?): ComponentName? =
                    throw ForegroundServiceStartNotAllowedException("in the background")
            }
        val result = Bgsvc.start(context, ButtonsService::class.java)

        assertEquals("in the background", (result as StartResult.Refused).error.message)
        val offer = offers().single()
        assertEquals("Tap to go on", offer.extras.getString(Notification.EXTRA_TEXT))
        val tap = shadowOf(offer.contentIntent)
        assertTrue(tap.isForegroundService)
        assertEquals(ComponentName(app, ButtonsService::class.java), tap.savedIntent.component)
        Driven(ButtonsService::class.java).use {
            it.command(tap.savedIntent)
            assertEquals("user", it.await("started").data.getString("reason"))
            assertEquals(emptyList<Notification>(), offers())
        }
    }

    @Test
    fun `a refused foreground shows what to tap as well`() {
        Driven(ButtonsService::class.java).use {
            it.shadow.setThrowInStartForeground(SecurityException("no permission"))
            it.command()
            it.await("error")

            assertEquals(1, offers().size)
            assertTrue(it.shadow.isStoppedBySelf)
        }
    }

    @Test
    fun `the notification has a button that stops, and one that Python hears of`() {
        Driven(ButtonsService::class.java).use {
            it.command()
            it.await("started")
            val (stop, pause) = it.shadow.lastForegroundNotification.actions
            assertEquals(listOf("Stop", "Pause"), listOf("${stop.title}", "${pause.title}"))
            it.command(shadowOf(pause.actionIntent).savedIntent, 2)

            assertEquals("""{"at":"foreground","what":"pause"}""", it.await("pressed").data.toString())
            it.command(shadowOf(stop.actionIntent).savedIntent, 3)
            assertEquals("nativeNotificationStop", it.await("stopped").data.getString("reason"))
        }
    }

    @Test
    fun `a notification of Python's has its buttons and its progress`() {
        Driven(ButtonsService::class.java).use {
            it.command()
            it.until("the notification") { copying() != null }
            val shown = checkNotNull(copying())
            assertEquals(1000, shown.extras.getInt(Notification.EXTRA_PROGRESS_MAX))
            assertEquals(750, shown.extras.getInt(Notification.EXTRA_PROGRESS))
            it.command(shadowOf(shown.actions.single().actionIntent).savedIntent, 2)

            val pressed = it.await("pressed").data
            assertEquals("one hold", "${pressed.getString("at")} ${pressed.getString("what")}")
        }
    }

    @Test
    fun `a button of a service that is gone does nothing`() {
        Driven(ButtonsService::class.java).use {
            it.command(Intent("dev.bgsvc.action.BUTTON"))

            assertTrue(it.shadow.isStoppedBySelf)
            assertEquals(emptyList<String>(), it.names())
        }
    }

    @Test
    fun `the processor stays awake during a run alone`() {
        Driven(ButtonsService::class.java).use {
            it.command()
            it.await("started")
            val lock: PowerManager.WakeLock = ShadowPowerManager.getLatestWakeLock()
            assertTrue(lock.isHeld)
            Bgsvc.stop(ButtonsService.NAME)
            it.await("stopped")

            assertFalse(lock.isHeld)
        }
    }

    @Test
    fun `a time limit may ask the user to go on`() {
        Driven(AskingService::class.java).use {
            it.command()
            it.await("started")
            it.service.onTimeout(1, ServiceInfo.FOREGROUND_SERVICE_TYPE_MEDIA_PROCESSING)
            it.await("stopped")

            assertEquals("Tap to resume", offers().single().extras.getString(Notification.EXTRA_TEXT))
        }
    }

    @Test
    fun `after a time limit the same class may go on in a job`() {
        Driven(LaterService::class.java).use {
            it.command()
            it.await("started")
            it.service.onTimeout(1, ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)
            it.await("stopped")
            val scheduler = app.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
            assertEquals(ComponentName(app, LaterJob::class.java), scheduler.allPendingJobs.single().service)

            val job = Robolectric.buildService(LaterJob::class.java).create().get()
            val parameters = Shadow.newInstanceOf(JobParameters::class.java)
            assertTrue(job.onStartJob(parameters))
            assertEquals("task", it.await("started", 2).data.getString("reason"))
            assertTrue(job.onStopJob(parameters))
            assertEquals("platformTimeout", it.await("stopped", 2).data.getString("reason"))
        }
    }

    @Test
    fun `a kill by the user ends the wish, and the run that it ended`() {
        val store = app.createDeviceProtectedStorageContext().getSharedPreferences("dev.bgsvc", Context.MODE_PRIVATE)
        store
            .edit()
            .putBoolean("killed.wanted", true)
            .putString("killed.runs", """[{"run":7,"started":1.0,"startReason":"app"}]""")
            .commit()
        val exit =
            ShadowActivityManager.ApplicationExitInfoBuilder
                .newBuilder()
                .setReason(ApplicationExitInfo.REASON_USER_REQUESTED)
                .setTimestamp(2_000)
                .build()
        val manager = app.getSystemService(Context.ACTIVITY_SERVICE) as ActivityManager
        shadowOf(manager).addApplicationExitInfo(exit)
        Driven(KilledService::class.java).use {
            it.command(null)

            assertTrue(it.shadow.isStoppedBySelf)
            assertEquals(false, Bgsvc.isWanted(app, KilledService.NAME))
            val run = JSONArray(Bgsvc.history(app, KilledService.NAME)).getJSONObject(0)
            assertEquals("userStop 2.0", "${run.getString("reason")} ${run.getDouble("ended")}")
        }
    }

    @Test
    fun `swiping the app away leaves the service alone`() {
        Driven(HeartbeatService::class.java).use {
            it.command()
            it.await("beat")
            it.service.onTaskRemoved(Intent())
            it.await("beat", 2)

            assertFalse(it.shadow.isStoppedBySelf)
            assertEquals(0, it.info().flags and ServiceInfo.FLAG_STOP_WITH_TASK)
        }
    }

    @Test
    fun `two services run at once, each with its own notification`() {
        Driven(HeartbeatService::class.java).use { one ->
            Driven(ButtonsService::class.java).use { two ->
                one.command()
                two.command()
                one.await("beat")
                two.await("started")
                val ids = listOf(one, two).map { it.shadow.lastForegroundNotificationId }

                assertEquals(2, ids.toSet().size)
            }
        }
    }

    @Test
    fun `the capabilities come as Python tells them`() {
        Driven(HeartbeatService::class.java).use {
            it.command()
            it.await("started")
            var answer: JSONObject? = null
            Bgsvc.capabilities(
                object : BgsvcAnswer {
                    override fun onAnswer(json: String) {
                        answer = JSONObject(json)
                    }

                    override fun onError(error: BgsvcError) = throw AssertionError(error.toString())
                },
            )
            it.until("the answer") { answer != null }

            assertEquals("android", answer?.getString("platform"))
        }
    }

    private fun Driven.info(): ServiceInfo = app.packageManager.getServiceInfo(ComponentName(app, service.javaClass), 0)

    private fun receive(action: String) = BootReceiver().onReceive(app, Intent(action))

    private fun started(): List<Intent> = generateSequence { shadowOf(app).nextStartedService }.toList()

    private fun offers() =
        shadowOf(notifications).allNotifications.filter {
            it.extras
                .getString(Notification.EXTRA_TEXT)
                .orEmpty()
                .startsWith("Tap")
        }

    private fun copying() =
        shadowOf(notifications).allNotifications.find { it.extras.getString(Notification.EXTRA_TITLE) == "Copying" }
}
