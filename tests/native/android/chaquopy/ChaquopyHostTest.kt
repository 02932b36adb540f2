package dev.bgsvc.tests

import android.app.Service
import android.content.Intent
import android.content.pm.ServiceInfo
import android.os.Looper
import com.chaquo.python.Python
import com.chaquo.python.android.AndroidPlatform
import dev.bgsvc.Bgsvc
import dev.bgsvc.BgsvcEvent
import dev.bgsvc.BgsvcListener
import dev.bgsvc.ServiceState
import dev.bgsvc.StopReason
import org.example.heartbeat.bgsvc.HeartbeatService
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ServiceController
import org.robolectric.annotation.Config
import java.util.concurrent.TimeUnit

/**
 * The generated service with the host `chaquopy`: Chaquopy's own Java, a stand-in for its native
 * library, CPython. The property `bgsvc.test.first` says who starts Python: the app or the service.
 */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [36])
class ChaquopyHostTest {
    private val app = RuntimeEnvironment.getApplication()
    private val events = mutableListOf<BgsvcEvent>()
    private val listener = BgsvcListener { events += it }
    private val appIsFirst = System.getProperty("bgsvc.test.first") == "app"

    @Before
    fun listen() = Bgsvc.addListener(listener)

    @After
    fun removeListener() = Bgsvc.removeListener(listener)

    @Test
    fun `a service starts, sends events, gets a button press, and stops`() {
        if (appIsFirst) Python.start(AndroidPlatform(app))
        assertEquals(appIsFirst, Python.isStarted())
        val controller: ServiceController<HeartbeatService> =
            Robolectric.buildService(HeartbeatService::class.java).create()
        val service = controller.get()

        assertEquals(Service.START_NOT_STICKY, service.onStartCommand(Intent(), 0, 1))
        assertEquals(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC, service.foregroundServiceType)
        await("started")
        assertTrue(Python.isStarted())
        assertEquals("\uD83D\uDC0D \u0000 é", await("said").data.getString("text"))
        press(service)
        val pressed = await("pressed").data
        assertEquals("foreground pause", "${pressed.getString("at")} ${pressed.getString("what")}")
        Bgsvc.stop(app, HeartbeatService.NAME, StopReason.USER_STOP)
        assertEquals("userStop", await("stopped").data.getString("reason"))
        assertEquals(ServiceState.STOPPED, Bgsvc.state(HeartbeatService.NAME))
        assertTrue(shadowOf(service).isStoppedBySelf)
        assertFalse(events.any { it.event == "error" })
        assertEquals("1", pythonStarts())
    }

    private fun pythonStarts() =
        Python
            .getInstance()
            .getModule("java.android")["starts"]
            .toString()

    private fun press(service: Service) {
        val intent =
            Intent("dev.bgsvc.action.BUTTON")
                .putExtra("dev.bgsvc.extra.NOTIFICATION", "foreground")
                .putExtra("dev.bgsvc.extra.BUTTON", "pause")
        service.onStartCommand(intent, 0, 2)
    }

    private fun await(name: String): BgsvcEvent {
        val deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS)
        while (events.none { it.event == name }) {
            check(System.nanoTime() < deadline) { "timed out waiting for $name; received $events" }
            check(events.none { it.event == "error" }) { "$events" }
            shadowOf(Looper.getMainLooper()).idle()
            Thread.sleep(POLL_INTERVAL_MILLIS)
        }
        return events.first { it.event == name }
    }

    private companion object {
        const val TIMEOUT_SECONDS = 30L
        const val POLL_INTERVAL_MILLIS = 5L
    }
}
