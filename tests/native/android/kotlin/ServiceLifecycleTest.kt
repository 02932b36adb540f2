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

/** What starts, restarts and ends runs: boot, kills, refusals, buttons and time limits. */
@RunWith(RobolectricTestRunner::class)
class ServiceLifecycleTest {
    private val app = RuntimeEnvironment.getApplication()
    private val notifications = app.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager

    @Test
    fun `a boot starts the services with start_on_boot, and no others`() {
        receive(Intent.ACTION_BOOT_COMPLETED)

        val expected = listOf(ButtonsService::class.java.name, EarlyService::class.java.name)
        assertEquals(expected, startedServices().map { it.component?.className })
    }

    @Test
    fun `a locked boot starts only the services with direct_boot`() {
        receive(Intent.ACTION_LOCKED_BOOT_COMPLETED)

        val early = startedServices().single()
        assertEquals(EarlyService::class.java.name, early.component?.className)
        ServiceDriver(EarlyService::class.java).use {
            it.command(early)
            assertEquals("boot", it.await("started").data.getString("reason"))
            receive(Intent.ACTION_BOOT_COMPLETED)
            startedServices(EarlyService::class.java).forEach { intent -> it.command(intent) }
            it.command(Bgsvc.stopIntent(app, EarlyService::class.java))
            it.await("stopped")
            assertEquals(1, it.all("started").size)
        }
    }

    @Test
    fun `a second boot broadcast starts no second run`() {
        ServiceDriver(ButtonsService::class.java).use {
            repeat(2) { _ ->
                receive(Intent.ACTION_BOOT_COMPLETED)
                startedServices(ButtonsService::class.java).forEach { intent -> it.command(intent) }
            }

            assertEquals("boot", it.await("started").data.getString("reason"))
            it.command(Bgsvc.stopIntent(app, ButtonsService::class.java))
            it.await("stopped")
            assertEquals(1, it.all("started").size)
        }
    }

    @Test
    fun `a service that the user stopped does not start at boot`() {
        ServiceDriver(ButtonsService::class.java).use {
            it.command()
            it.await("started")
            Bgsvc.stop(app, ButtonsService.NAME, StopReason.USER_STOP)
            it.await("stopped")
        }
        receive(Intent.ACTION_BOOT_COMPLETED)

        assertEquals(false, Bgsvc.desiredRunning(app, ButtonsService.NAME))
        assertEquals(emptyList<Intent>(), startedServices(ButtonsService::class.java))
    }

    @Test
    fun `an update of the app restarts a service whose desired state is to run`() {
        Bgsvc.start(app, HeartbeatService::class.java)
        startedServices()
        receive(Intent.ACTION_MY_PACKAGE_REPLACED)

        val again = startedServices().single()
        assertEquals(ComponentName(app, HeartbeatService::class.java), again.component)
        ServiceDriver(HeartbeatService::class.java).use {
            it.command(again)
            assertEquals("replay", it.await("started").data.getString("reason"))
        }
    }

    @Test
    fun `the desired state is on disk when the start returns`() {
        assertNull(Bgsvc.desiredRunning(app, HeartbeatService.NAME))
        Bgsvc.start(app, HeartbeatService::class.java)

        assertEquals(true, Bgsvc.desiredRunning(app, HeartbeatService.NAME))
    }

    @Test
    fun `a time limit with on_timeout stop keeps the desired state and does nothing more`() {
        ServiceDriver(HeartbeatService::class.java).use {
            Bgsvc.start(app, HeartbeatService::class.java)
            it.command()
            it.await("beat")
            it.reachTimeLimit(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)
            it.await("stopped")

            assertEquals(true, Bgsvc.desiredRunning(app, HeartbeatService.NAME))
            assertEquals(emptyList<Notification>(), resumeNotifications())
            val scheduler = app.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
            assertEquals(emptyList<JobInfo>(), scheduler.allPendingJobs)
        }
    }

    @Test
    fun `the history has the start and the end of each run`() {
        ServiceDriver(HeartbeatService::class.java).use {
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
    fun `a restart by Android does not start a service that the user stopped`() {
        ServiceDriver(HeartbeatService::class.java).use {
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
    fun `a refused start returns its reason and shows the resume notification`() {
        val context =
            object : ContextWrapper(app) {
                override fun startForegroundService(service: Intent?): ComponentName? =
                    throw ForegroundServiceStartNotAllowedException("in the background")
            }
        val result = Bgsvc.start(context, ButtonsService::class.java)

        assertEquals("in the background", (result as StartResult.Refused).error.message)
        val notification = resumeNotifications().single()
        assertEquals("Tap to go on", notification.extras.getString(Notification.EXTRA_TEXT))
        val tap = shadowOf(notification.contentIntent)
        assertTrue(tap.isForegroundService)
        assertEquals(ComponentName(app, ButtonsService::class.java), tap.savedIntent.component)
        ServiceDriver(ButtonsService::class.java).use {
            it.command(tap.savedIntent)
            assertEquals("user", it.await("started").data.getString("reason"))
            assertEquals(emptyList<Notification>(), resumeNotifications())
        }
    }

    @Test
    fun `a refused foreground shows the resume notification`() {
        ServiceDriver(ButtonsService::class.java).use {
            it.shadow.setThrowInStartForeground(SecurityException("no permission"))
            it.command()
            it.await("error")

            assertEquals(1, resumeNotifications().size)
            assertTrue(it.shadow.isStoppedBySelf)
        }
    }

    @Test
    fun `the notification has a stop button, and a button that Python gets`() {
        ServiceDriver(ButtonsService::class.java).use {
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
    fun `a notification from Python has its buttons and its progress`() {
        ServiceDriver(ButtonsService::class.java).use {
            it.command()
            it.until("the notification") { copyNotification() != null }
            val shown = checkNotNull(copyNotification())
            assertEquals(1000, shown.extras.getInt(Notification.EXTRA_PROGRESS_MAX))
            assertEquals(750, shown.extras.getInt(Notification.EXTRA_PROGRESS))
            it.command(shadowOf(shown.actions.single().actionIntent).savedIntent, 2)

            val pressed = it.await("pressed").data
            assertEquals("one hold", "${pressed.getString("at")} ${pressed.getString("what")}")
        }
    }

    @Test
    fun `Python can show progress on the service's own notification`() {
        ServiceDriver(ProgressService::class.java).use {
            it.command()
            it.until("the progress") { progressNotification() != null }
            val shown = checkNotNull(progressNotification())
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
    fun `a button of a service without a run does nothing`() {
        ServiceDriver(ButtonsService::class.java).use {
            it.command(Intent("dev.bgsvc.action.BUTTON"))

            assertTrue(it.shadow.isStoppedBySelf)
            assertEquals(emptyList<String>(), it.names())
        }
    }

    @Test
    fun `the wake lock is held only during a run`() {
        ServiceDriver(ButtonsService::class.java).use {
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
    fun `a time limit with on_timeout notify shows the resume notification`() {
        ServiceDriver(AskingService::class.java).use {
            it.command()
            it.await("started")
            it.reachTimeLimit(ServiceInfo.FOREGROUND_SERVICE_TYPE_MEDIA_PROCESSING)
            it.await("stopped")

            assertEquals("Tap to resume", resumeNotifications().single().extras.getString(Notification.EXTRA_TEXT))
        }
    }

    @Test
    fun `a kill by the user clears the desired state and closes the run`() {
        simulateProcessExit("killed", ApplicationExitInfo.REASON_USER_REQUESTED)
        ServiceDriver(KilledService::class.java).use {
            it.command(null)

            assertTrue(it.shadow.isStoppedBySelf)
            assertEquals(false, Bgsvc.desiredRunning(app, KilledService.NAME))
            val run = JSONArray(Bgsvc.history(app, KilledService.NAME)).getJSONObject(0)
            assertEquals("userStop 2.0", "${run.getString("reason")} ${run.getDouble("ended")}")
        }
    }

    @Test
    fun `a service that Android killed restarts, and its last run is closed`() {
        simulateProcessExit("revived", ApplicationExitInfo.REASON_LOW_MEMORY)
        ServiceDriver(RevivedService::class.java).use {
            assertEquals(Service.START_STICKY, it.command(null))

            assertEquals("osRestart", it.await("started").data.getString("reason"))
            assertEquals(true, Bgsvc.desiredRunning(app, RevivedService.NAME))
            val run = JSONArray(Bgsvc.history(app, RevivedService.NAME)).getJSONObject(0)
            assertEquals("processExit 2.0", "${run.getString("reason")} ${run.getDouble("ended")}")
        }
    }

    @Test
    fun `the end of another process of the app closes no run`() {
        simulateProcessExit("buttons", ApplicationExitInfo.REASON_USER_REQUESTED, "${app.packageName}:other")
        receive(Intent.ACTION_BOOT_COMPLETED)

        assertEquals(1, startedServices(ButtonsService::class.java).size)
        assertEquals(true, Bgsvc.desiredRunning(app, ButtonsService.NAME))
        assertFalse(JSONArray(Bgsvc.history(app, ButtonsService.NAME)).getJSONObject(0).has("ended"))
    }

    @Test
    fun `a service that the user killed does not start at boot`() {
        simulateProcessExit("buttons", ApplicationExitInfo.REASON_USER_REQUESTED)
        receive(Intent.ACTION_BOOT_COMPLETED)

        assertEquals(emptyList<Intent>(), startedServices(ButtonsService::class.java))
        assertEquals(false, Bgsvc.desiredRunning(app, ButtonsService.NAME))
    }

    @Test
    fun `a live run is not closed by the exit of a previous process`() {
        ServiceDriver(ButtonsService::class.java).use {
            it.command()
            it.await("started")
            simulateProcessExit(null, ApplicationExitInfo.REASON_USER_REQUESTED)
            receive(Intent.ACTION_BOOT_COMPLETED)

            assertFalse(JSONArray(Bgsvc.history(app, ButtonsService.NAME)).getJSONObject(0).has("ended"))
            assertEquals(true, Bgsvc.desiredRunning(app, ButtonsService.NAME))
        }
    }

    @Test
    fun `a service without stop_with_task survives a swipe of the app`() {
        ServiceDriver(HeartbeatService::class.java).use {
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
        ServiceDriver(HeartbeatService::class.java).use { one ->
            ServiceDriver(ButtonsService::class.java).use { two ->
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
    fun `the capabilities are those that Python replies`() {
        ServiceDriver(HeartbeatService::class.java).use {
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

    // Leaves what a process leaves that ended while the service [name] ran.
    private fun simulateProcessExit(
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

    private fun ServiceDriver.info(): ServiceInfo =
        app.packageManager.getServiceInfo(ComponentName(app, service.javaClass), 0)

    private fun receive(action: String) = BootReceiver().onReceive(app, Intent(action))

    private fun startedServices(service: Class<*>) =
        startedServices().filter { it.component?.className == service.name }

    private fun startedServices(): List<Intent> = generateSequence { shadowOf(app).nextStartedService }.toList()

    private fun resumeNotifications() =
        shadowOf(notifications).allNotifications.filter {
            it.extras
                .getString(Notification.EXTRA_TEXT)
                .orEmpty()
                .startsWith("Tap")
        }

    private fun progressNotification() =
        shadowOf(notifications)
            .getNotification(R.string.bgsvc_progress_label)
            ?.takeIf { it.extras.getString(Notification.EXTRA_TITLE) == "Half way" }

    private fun copyNotification() =
        shadowOf(notifications).allNotifications.find { it.extras.getString(Notification.EXTRA_TITLE) == "Copying" }
}
