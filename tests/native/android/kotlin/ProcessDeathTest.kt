package dev.bgsvc.tests

import android.app.ActivityManager
import android.app.Application
import android.app.ApplicationExitInfo
import android.app.Service
import android.content.ComponentName
import android.content.Context
import android.content.Intent
import dev.bgsvc.Bgsvc
import dev.bgsvc.BootReceiver
import org.example.heartbeat.bgsvc.RevivedService
import org.json.JSONArray
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowActivityManager
import java.io.File
import java.nio.file.Files

/** The process that its caller kills while a service runs. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [36])
class KilledProcessTest {
    private val app = RuntimeEnvironment.getApplication()

    @Before
    fun store() = useCallersStorage(app)

    @Test
    fun `a service runs until its process is killed`() {
        ServiceDriver(RevivedService::class.java).use {
            Bgsvc.start(app, RevivedService::class.java)
            it.command(shadowOf(app).nextStartedService)
            it.await("started")
            println("pid ${ProcessHandle.current().pid()}")
            Thread.currentThread().join()
        }
    }
}

/** The next process, which its caller starts with the same storage. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [36])
class NextProcessTest {
    private val app = RuntimeEnvironment.getApplication()

    @Before
    fun store() = useCallersStorage(app)

    @Test
    fun `the next process restarts the service and closes the killed run`() {
        assertEquals(true, Bgsvc.desiredRunning(app, RevivedService.NAME))
        assertFalse(runs().getJSONObject(0).has("ended"))
        reportKill()
        BootReceiver().onReceive(app, Intent(Intent.ACTION_MY_PACKAGE_REPLACED))
        val again = shadowOf(app).nextStartedService
        assertEquals(ComponentName(app, RevivedService::class.java), again.component)
        ServiceDriver(RevivedService::class.java).use {
            assertEquals(Service.START_STICKY, it.command(again))
            assertEquals("replay", it.await("started").data.getString("reason"))
            val (killed, running) = listOf(runs().getJSONObject(0), runs().getJSONObject(1))

            assertEquals("app processExit", "${killed.getString("startReason")} ${killed.getString("reason")}")
            assertTrue("$killed", killed.getDouble("ended") >= killed.getDouble("started"))
            assertTrue("${runs()}", running.getDouble("started") >= killed.getDouble("ended"))
            assertFalse("$running", running.has("ended"))
        }
        assertEquals(2, runs().length())
    }

    private fun runs() = JSONArray(Bgsvc.history(app, RevivedService.NAME))

    // Adds what Android reports of a process that a signal ended; the caller sent it at that time.
    private fun reportKill() {
        val exit =
            ShadowActivityManager.ApplicationExitInfoBuilder
                .newBuilder()
                .setReason(ApplicationExitInfo.REASON_SIGNALED)
                .setStatus(SIGKILL)
                .setProcessName(Application.getProcessName())
                .setTimestamp(System.getProperty("bgsvc.test.killed").toLong())
                .build()
        shadowOf(app.getSystemService(Context.ACTIVITY_SERVICE) as ActivityManager).addApplicationExitInfo(exit)
    }

    private companion object {
        const val SIGKILL = 9
    }
}

// Links the app's storage, of both kinds, to the folder that the caller keeps between processes.
private fun useCallersStorage(app: Application) {
    val kept = File(System.getProperty("bgsvc.test.storage"))
    val contexts = mapOf("credential" to app, "device" to app.createDeviceProtectedStorageContext())
    for ((name, context) in contexts) {
        val folder = kept.resolve(name).apply { mkdirs() }
        context.dataDir.deleteRecursively()
        Files.createSymbolicLink(context.dataDir.toPath(), folder.toPath())
    }
}
