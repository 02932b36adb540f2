package dev.bgsvc.tests

import android.content.pm.ServiceInfo
import dev.bgsvc.Bgsvc
import dev.bgsvc.ServiceState
import dev.bgsvc.StartReason
import dev.bgsvc.StopReason
import org.example.heartbeat.bgsvc.PatientService
import org.json.JSONArray
import org.json.JSONObject
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
import java.io.File

/** Android's end of the bridge, checked against the vectors that all ends share. */
@RunWith(RobolectricTestRunner::class)
@Config(instrumentedPackages = ["dev.bgsvc.tests.apart"])
class BridgeTest {
    @Before
    fun reset() = python.reset()

    @Test
    fun `every message of the vectors is accepted`() {
        ServiceDriver(PatientService::class.java, python).use {
            started(it)
            val messages = vectors("messages").map { vector -> vector.getJSONObject("message") }
            messages.forEach { message -> python.send(message.put("service", PatientService.NAME)) }

            val events = messages.filter { message -> message.getString("type") == "event" }
            it.until("all events") { it.events.size >= events.size }
            assertEquals(events.map { event -> event.getString("event") }, it.names())
            val data = events.map { event -> event.getJSONObject("data").toString() }
            assertEquals(data, it.events.map { event -> event.data.toString() })
        }
    }

    @Test
    fun `Python's data folder is in device-protected storage in an app with direct boot`() {
        ServiceDriver(PatientService::class.java, python).use(::started)
        val dataDir = python.requests("hello").single().getString("dataDir")
        val storage = RuntimeEnvironment.getApplication().createDeviceProtectedStorageContext().filesDir

        // Each test has its own data folder, and Python got `hello` in the first test.
        assertEquals(lastFolders(File(storage, "bgsvc").path), lastFolders(dataDir))
    }

    private fun lastFolders(path: String) = path.split(File.separator).takeLast(3)

    @Test
    fun `the start reasons, stop reasons and states are those of the vectors`() {
        val app = RuntimeEnvironment.getApplication()
        val words = words()
        val starts = words.getJSONArray("startReasons").let { all -> (0 until all.length()).map(all::getString) }
        for (reason in StartReason.entries) {
            Bgsvc.start(app, PatientService::class.java, reason)
            assertTrue("$reason", shadowOf(app).nextStartedService.getStringExtra(REASON) in starts)
        }
        val stops = words.getJSONObject("stopReasons")
        for (reason in StopReason.entries) {
            Bgsvc.start(app, PatientService::class.java)
            Bgsvc.stop(app, PatientService.NAME, reason)
            val word = Bgsvc.stopIntent(app, PatientService::class.java, reason).getStringExtra(REASON).orEmpty()

            val clears = stops.getJSONObject(word).getBoolean("clearsDesiredState")
            assertEquals(word, !clears, Bgsvc.desiredRunning(app, PatientService.NAME))
        }
        val states = words.getJSONArray("serviceStates").let { all -> (0 until all.length()).map(all::getString) }
        assertEquals(states, ServiceState.entries.map { it.name.lowercase() })
    }

    @Test
    fun `an unknown message is ignored, and the next one arrives`() {
        ServiceDriver(PatientService::class.java, python).use {
            started(it)
            python.send(JSONObject().put("type", "teleport"))
            python.send(JSONObject().put("type", "event"))
            python.send("started")

            it.await("started")
        }
    }

    @Test
    fun `every request has only the fields of the vectors`() {
        ServiceDriver(PatientService::class.java, python).use {
            started(it)
            it.reachTimeLimit(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)
            it.await("stopped")
            it.command(startId = 2)
            Bgsvc.stop(it.app, PatientService.NAME)
            it.until("all requests") { KNOWN.all { type -> python.requests(type).isNotEmpty() } }

            KNOWN.forEach { type ->
                val sentFields = python.requests(type).flatMap { request -> request.keys().asSequence() }.toSet()
                val known = vectors("requests").map { vector -> vector.getJSONObject("message") }
                val fields =
                    known
                        .filter { request ->
                            request.getString("type") == type
                        }.flatMap { it.keys().asSequence() }
                assertEquals(type, emptySet<String>(), sentFields - fields.toSet())
            }
        }
    }

    @Test
    fun `both timeouts of a short service are one request to Python`() {
        ServiceDriver(PatientService::class.java, python).use {
            started(it)
            it.service.onTimeout(1)
            it.reachTimeLimit(ServiceInfo.FOREGROUND_SERVICE_TYPE_SHORT_SERVICE)
            it.await("stopped")

            assertEquals(1, python.requests("expire").size)
        }
    }

    @Test
    fun `a failed restart ends the service`() {
        ServiceDriver(PatientService::class.java, python).use {
            started(it)
            python.send("stopped", JSONObject().put("restartIn", 1.0))
            it.await("stopped")
            assertEquals(ServiceState.INITIALIZING, Bgsvc.state(PatientService.NAME))
            python.send("restart_failed")

            it.await("restart_failed")
            assertTrue(it.shadow.isStoppedBySelf)
        }
    }

    @Test
    fun `a service waits for the last event that follows the reply to its stop`() {
        ServiceDriver(PatientService::class.java, python).use {
            started(it)
            python.repliedState = "stopped"
            python.endsRunOnRequest = false
            Bgsvc.stop(it.app, PatientService.NAME)
            it.until("the stop") { python.requests("stop").isNotEmpty() }
            it.advance(1)
            assertFalse(it.shadow.isStoppedBySelf)
            python.send("stopped", JSONObject().put("restartIn", 1.0))

            it.await("stopped")
            it.until("the end") { it.shadow.isStoppedBySelf }
        }
    }

    @Test
    fun `a reply to a stop that comes after its run has ended leaves the next run alone`() {
        ServiceDriver(PatientService::class.java, python).use {
            started(it)
            python.repliedState = "stopped"
            Bgsvc.stop(it.app, PatientService.NAME)
            it.await("stopped")
            it.command(startId = 2)
            it.until("the second start") { python.requests("start").size == 2 }
            python.send("started")
            python.send("stopped", JSONObject().put("restartIn", 1.0))
            it.await("stopped", 2)

            assertEquals(ServiceState.INITIALIZING, Bgsvc.state(PatientService.NAME))
        }
    }

    @Test
    fun `a time limit between two runs stops the next one`() {
        ServiceDriver(PatientService::class.java, python).use {
            started(it)
            python.send("stopped", JSONObject().put("restartIn", 1.0))
            it.await("stopped")
            python.repliedState = "stopped"
            python.endsRunOnRequest = false
            it.reachTimeLimit(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)

            it.until("the end") { it.shadow.isStoppedBySelf }
            assertEquals("platformTimeout", python.requests("stop").single().getString("reason"))
        }
    }

    private fun started(driver: ServiceDriver) {
        driver.command()
        driver.until("the start") { python.requests("start").isNotEmpty() }
    }

    private fun vectors(name: String): List<JSONObject> {
        val text = File(System.getProperty("bgsvc.test.vectors"), "$name.json").readText()
        val array = JSONArray(text)
        return (0 until array.length()).map(array::getJSONObject)
    }

    private fun words() = JSONObject(File(System.getProperty("bgsvc.test.vectors"), "words.json").readText())

    private companion object {
        const val REASON = "dev.bgsvc.extra.REASON"
        val python = FakePythonHost()
        val KNOWN = listOf("hello", "start", "stop", "expire")
    }
}
