package dev.bgsvc.tests

import android.app.ActivityManager
import android.app.Application
import android.app.ApplicationExitInfo
import android.app.ForegroundServiceStartNotAllowedException
import android.app.Notification
import android.app.NotificationManager
import android.app.Service
import android.app.job.JobInfo
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
import org.example.heartbeat.R
import org.example.heartbeat.bgsvc.AskingService
import org.example.heartbeat.bgsvc.ButtonsService
import org.example.heartbeat.bgsvc.EarlyService
import org.example.heartbeat.bgsvc.HeartbeatService
import org.example.heartbeat.bgsvc.KilledService
import org.example.heartbeat.bgsvc.ProgressService
import org.example.heartbeat.bgsvc.RevivedService
import org.json.JSONArray
import org.json.JSONObject
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowActivityManager
import org.robolectric.shadows.ShadowPowerManager

/** What happens around a run: boot, kills, refusals, buttons, time limits and what comes after them. */
@RunWith(RobolectricTestRunner::class)
class LifeTest {
    private val app = RuntimeEnvironment.getApplication()
    private val notifications = app.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager

    @Test
    fun `the device's start starts what shall start with it, and nothing else`() {
        receive(Intent.ACTION_BOOT_COMPLETED)

        val wanted = listOf(ButtonsService::class.java.name, EarlyService::class.java.name)
        assertEquals(wanted, started().map { it.component?.className })
    }

    @Test
    fun `before the first unlock only that starts which the spec wants then`() {
        receive(Intent.ACTION_LOCKED_BOOT_COMPLETED)

        val early = started().single()
        assertEquals(EarlyService::class.java.name, early.component?.className)
        Driven(EarlyService::class.java).use {
            it.command(early)
            assertEquals("boot", it.await("started").data.getString("reason"))
            receive(Intent.ACTION_BOOT_COMPLETED)
            started(EarlyService::class.java).forEach { intent -> it.command(intent) }
            it.command(Bgsvc.stopIntent(app, EarlyService::class.java))
            it.await("stopped")
            assertEquals(1, it.all("started").size)
        }
    }

    @Test
    fun `a second message of the device's start starts no second run`() {
        Driven(ButtonsService::class.java).use {
            repeat(2) { _ ->
                receive(Intent.ACTION_BOOT_COMPLETED)
                started(ButtonsService::class.java).forEach { intent -> it.command(intent) }
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
            Bgsvc.stop(app, ButtonsService.NAME, StopReason.USER_STOP)
            it.await("stopped")
        }
        receive(Intent.ACTION_BOOT_COMPLETED)

        assertEquals(false, Bgsvc.isWanted(app, ButtonsService.NAME))
        assertEquals(emptyList<Intent>(), started(ButtonsService::class.java))
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
    fun `a time limit leaves the wish as it was, and no more where the spec says stop`() {
        Driven(HeartbeatService::class.java).use {
            Bgsvc.start(app, HeartbeatService::class.java)
            it.command()
            it.await("beat")
            it.timeOut(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)
            it.await("stopped")

            assertEquals(true, Bgsvc.isWanted(app, HeartbeatService.NAME))
            assertEquals(emptyList<Notification>(), offers())
            val scheduler = app.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
            assertEquals(emptyList<JobInfo>(), scheduler.allPendingJobs)
        }
    }

    @Test
    fun `the history tells of each run how it began and ended`() {
        Driven(HeartbeatService::class.java).use {
            it.command()
            it.await("beat")
            Bgsvc.stop(app, HeartbeatService.NAME, StopReason.USER_STOP)
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
            Bgsvc.stop(app, HeartbeatService.NAME, StopReason.USER_STOP)
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
    fun `Python may say on the service's own notification how far it is`() {
        Driven(ProgressService::class.java).use {
            it.command()
            it.until("the progress") { halfWay() != null }
            val shown = checkNotNull(halfWay())
            assertEquals("2 of 4", shown.extras.getString(Notification.EXTRA_TEXT))
            assertTrue(shown.flags and Notification.FLAG_ONGOING_EVENT != 0)
            it.command(Intent(), 2)
            val again = it.shadow.lastForegroundNotification
            assertEquals(500, again.extras.getInt(Notification.EXTRA_PROGRESS))
            Bgsvc.stop(app, ProgressService.NAME)
            it.await("stopped")
            it.command(Intent(), 3)

            val next = it.shadow.lastForegroundNotification
            assertEquals("progress", next.extras.getString(Notification.EXTRA_TITLE))
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
            Bgsvc.stop(app, ButtonsService.NAME)
            it.await("stopped")

            assertFalse(lock.isHeld)
        }
    }

    @Test
    fun `a time limit may ask the user to go on`() {
        Driven(AskingService::class.java).use {
            it.command()
            it.await("started")
            it.timeOut(ServiceInfo.FOREGROUND_SERVICE_TYPE_MEDIA_PROCESSING)
            it.await("stopped")

            assertEquals("Tap to resume", offers().single().extras.getString(Notification.EXTRA_TEXT))
        }
    }

    @Test
    fun `a kill by the user ends the wish, and the run that it ended`() {
        died("killed", ApplicationExitInfo.REASON_USER_REQUESTED)
        Driven(KilledService::class.java).use {
            it.command(null)

            assertTrue(it.shadow.isStoppedBySelf)
            assertEquals(false, Bgsvc.isWanted(app, KilledService.NAME))
            val run = JSONArray(Bgsvc.history(app, KilledService.NAME)).getJSONObject(0)
            assertEquals("userStop 2.0", "${run.getString("reason")} ${run.getDouble("ended")}")
        }
    }

    @Test
    fun `what Android killed comes back, and its last run has an end`() {
        died("revived", ApplicationExitInfo.REASON_LOW_MEMORY)
        Driven(RevivedService::class.java).use {
            assertEquals(Service.START_STICKY, it.command(null))

            assertEquals("osRestart", it.await("started").data.getString("reason"))
            assertEquals(true, Bgsvc.isWanted(app, RevivedService.NAME))
            val run = JSONArray(Bgsvc.history(app, RevivedService.NAME)).getJSONObject(0)
            assertEquals("processExit 2.0", "${run.getString("reason")} ${run.getDouble("ended")}")
        }
    }

    @Test
    fun `the end of another process of the app ends nothing here`() {
        died("buttons", ApplicationExitInfo.REASON_USER_REQUESTED, "${app.packageName}:other")
        receive(Intent.ACTION_BOOT_COMPLETED)

        assertEquals(1, started(ButtonsService::class.java).size)
        assertEquals(true, Bgsvc.isWanted(app, ButtonsService.NAME))
        assertFalse(JSONArray(Bgsvc.history(app, ButtonsService.NAME)).getJSONObject(0).has("ended"))
    }

    @Test
    fun `what the user killed does not start with the device`() {
        died("buttons", ApplicationExitInfo.REASON_USER_REQUESTED)
        receive(Intent.ACTION_BOOT_COMPLETED)

        assertEquals(emptyList<Intent>(), started(ButtonsService::class.java))
        assertEquals(false, Bgsvc.isWanted(app, ButtonsService.NAME))
    }

    @Test
    fun `a run that goes on is not taken for one of the process before`() {
        Driven(ButtonsService::class.java).use {
            it.command()
            it.await("started")
            died(null, ApplicationExitInfo.REASON_USER_REQUESTED)
            receive(Intent.ACTION_BOOT_COMPLETED)

            assertFalse(JSONArray(Bgsvc.history(app, ButtonsService.NAME)).getJSONObject(0).has("ended"))
            assertEquals(true, Bgsvc.isWanted(app, ButtonsService.NAME))
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

    // Leaves what a process leaves that died while [name] ran.
    private fun died(
        name: String?,
        reason: Int,
        process: String = Application.getProcessName(),
    ) {
        val store = app.createDeviceProtectedStorageContext().getSharedPreferences("dev.bgsvc", Context.MODE_PRIVATE)
        if (name != null) {
            store
                .edit()
                .putBoolean("$name.wanted", true)
                .putString("$name.runs", """[{"run":7,"started":1.0,"startReason":"app"}]""")
                .commit()
        }
        val exit =
            ShadowActivityManager.ApplicationExitInfoBuilder
                .newBuilder()
                .setReason(reason)
                .setProcessName(process)
                .setTimestamp(2_000)
                .build()
        val manager = app.getSystemService(Context.ACTIVITY_SERVICE) as ActivityManager
        shadowOf(manager).addApplicationExitInfo(exit)
    }

    private fun Driven.info(): ServiceInfo = app.packageManager.getServiceInfo(ComponentName(app, service.javaClass), 0)

    private fun receive(action: String) = BootReceiver().onReceive(app, Intent(action))

    private fun started(service: Class<*>) = started().filter { it.component?.className == service.name }

    private fun started(): List<Intent> = generateSequence { shadowOf(app).nextStartedService }.toList()

    private fun offers() =
        shadowOf(notifications).allNotifications.filter {
            it.extras
                .getString(Notification.EXTRA_TEXT)
                .orEmpty()
                .startsWith("Tap")
        }

    private fun halfWay() =
        shadowOf(notifications)
            .getNotification(R.string.bgsvc_progress_label)
            ?.takeIf { it.extras.getString(Notification.EXTRA_TITLE) == "Half way" }

    private fun copying() =
        shadowOf(notifications).allNotifications.find { it.extras.getString(Notification.EXTRA_TITLE) == "Copying" }
}
