package dev.bgsvc.tests

import android.Manifest
import android.app.Activity
import android.content.ComponentName
import dev.bgsvc.Bgsvc
import dev.bgsvc.BgsvcListener
import dev.bgsvc.ServiceState
import dev.bgsvc.StopReason
import org.example.heartbeat.bgsvc.HeartbeatService
import org.json.JSONArray
import org.json.JSONObject
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.concurrent.thread

/** The app's API: from Java, from any thread, and in a process without a run. */
@RunWith(RobolectricTestRunner::class)
class ApiTest {
    private val app = RuntimeEnvironment.getApplication()

    @Test
    fun `an app in Java can call every function`() {
        val received = CopyOnWriteArrayList<String>()
        val java = JavaCaller(app, received)
        ServiceDriver(HeartbeatService::class.java).use {
            assertEquals("accepted", java.start())
            it.command(shadowOf(app).nextStartedService)
            it.await("beat")
            assertTrue(java.isRunning)
            java.capabilities()
            it.until("the capabilities") { received.any { text -> text.startsWith("{") } }
            assertTrue(java.finish())
            java.stop()
            it.await("stopped")

            assertEquals("heartbeat started", received.first())
            assertEquals("heartbeat stopped", received.last())
            val run = JSONArray(java.after()).getJSONObject(0)
            assertEquals("userStop", run.getString("reason"))
            assertEquals("android", JSONObject(received.single { text -> text.startsWith("{") }).getString("platform"))
            assertEquals(ComponentName(app, HeartbeatService::class.java), java.stopIntent().component)
            assertTrue(java.schedule())
        }
    }

    @Test
    fun `calls from many threads at once end in one stop`() {
        val received = CopyOnWriteArrayList<String>()
        ServiceDriver(HeartbeatService::class.java).use {
            it.command()
            it.await("beat")
            val threads =
                (0 until 8).map { number ->
                    thread {
                        repeat(50) { _ ->
                            val listener = BgsvcListener { event -> received += event.event }
                            Bgsvc.addListener(listener)
                            Bgsvc.beginFiniteTask(app) {}.end()
                            Bgsvc.state(HeartbeatService.NAME)
                            Bgsvc.desiredRunning(app, HeartbeatService.NAME)
                            Bgsvc.removeListener(listener)
                            if (number == 0) Bgsvc.stop(app, HeartbeatService.NAME, StopReason.USER_STOP)
                        }
                    }
                }
            it.until("the threads") { threads.none(Thread::isAlive) }

            assertEquals("userStop", it.await("stopped").data.getString("reason"))
            assertEquals(1, it.all("stopped").size)
            assertEquals(ServiceState.STOPPED, Bgsvc.state(HeartbeatService.NAME))
        }
    }

    @Test
    fun `a stop without a run clears the desired state`() {
        Bgsvc.start(app, HeartbeatService::class.java)
        Bgsvc.stop(app, HeartbeatService.NAME, StopReason.USER_STOP)

        assertEquals(false, Bgsvc.desiredRunning(app, HeartbeatService.NAME))
    }

    @Test
    fun `the notification permission is requested only while it is missing`() {
        val activity = Robolectric.buildActivity(Activity::class.java).create().get()
        shadowOf(app).denyPermissions(Manifest.permission.POST_NOTIFICATIONS)
        assertFalse(Bgsvc.requestNotificationPermission(activity, 7))
        val request = shadowOf(activity).lastRequestedPermission
        assertEquals(7, request.requestCode)
        assertEquals(listOf(Manifest.permission.POST_NOTIFICATIONS), request.requestedPermissions.toList())
        shadowOf(app).grantPermissions(Manifest.permission.POST_NOTIFICATIONS)

        assertTrue(Bgsvc.requestNotificationPermission(activity, 8))
        assertEquals(7, shadowOf(activity).lastRequestedPermission.requestCode)
    }
}
