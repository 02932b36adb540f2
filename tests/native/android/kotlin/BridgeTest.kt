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

/** Android's end of the bridge, held to the vectors that every end is held to. */
@RunWith(RobolectricTestRunner::class)
@Config(instrumentedPackages = ["dev.bgsvc.tests.apart"])
class BridgeTest {
    @Before
    fun reset() = python.reset()

    @Test
    fun `every message of the vectors is taken`() {
        Driven(PatientService::class.java, python).use {
            started(it)
            val messages = vectors("messages").map { vector -> vector.getJSONObject("message") }
            messages.forEach { message -> python.say(message.put("service", PatientService.NAME)) }

            val events = messages.filter { message -> message.getString("type") == "event" }
            it.until("all events") { it.events.size >= events.size }
            assertEquals(events.map { event -> event.getString("event") }, it.names())
            val data = events.map { event -> event.getJSONObject("data").toString() }
            assertEquals(data, it.events.map { event -> event.data.toString() })
        }
    }

    @Test
    fun `in an app that starts locked Python writes where it may before the first unlock`() {
        Driven(PatientService::class.java, python).use(::started)
        val told = python.askedFor("hello").single().getString("dataDir")
        val storage = RuntimeEnvironment.getApplication().createDeviceProtectedStorageContext().filesDir

        // Each test has a device of its own, and Python was greeted in the first.
        assertEquals(withinTheDevice(File(storage, "bgsvc").path), withinTheDevice(told))
    }

    private fun withinTheDevice(path: String) = path.split(File.separator).takeLast(3)

    @Test
    fun `the words for why a run begins and ends are those of the vectors`() {
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
            assertEquals(word, !clears, Bgsvc.isWanted(app, PatientService.NAME))
        }
        val states = words.getJSONArray("serviceStates").let { all -> (0 until all.length()).map(all::getString) }
        assertEquals(states, ServiceState.entries.map { it.name.lowercase() })
    }

    @Test
    fun `a message that nobody knows is no harm`() {
        Driven(PatientService::class.java, python).use {
            started(it)
            python.say(JSONObject().put("type", "teleport"))
            python.say(JSONObject().put("type", "event"))
            python.say("started")

            it.await("started")
        }
    }

    @Test
    fun `what Android asks has the fields of the vectors`() {
        Driven(PatientService::class.java, python).use {
            started(it)
            it.timeOut(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)
            it.await("stopped")
            it.command(startId = 2)
            Bgsvc.stop(it.app, PatientService.NAME)
            it.until("all requests") { KNOWN.all { type -> python.askedFor(type).isNotEmpty() } }

            KNOWN.forEach { type ->
                val asked = python.askedFor(type).flatMap { request -> request.keys().asSequence() }.toSet()
                val known = vectors("requests").map { vector -> vector.getJSONObject("message") }
                val fields =
                    known
                        .filter { request ->
                            request.getString("type") == type
                        }.flatMap { it.keys().asSequence() }
                assertEquals(type, emptySet<String>(), asked - fields.toSet())
            }
        }
    }

    @Test
    fun `both timeouts of a short service are one to Python`() {
        Driven(PatientService::class.java, python).use {
            started(it)
            it.service.onTimeout(1)
            it.timeOut(ServiceInfo.FOREGROUND_SERVICE_TYPE_SHORT_SERVICE)
            it.await("stopped")

            assertEquals(1, python.askedFor("expire").size)
        }
    }

    @Test
    fun `a restart that fails ends the service`() {
        Driven(PatientService::class.java, python).use {
            started(it)
            python.say("stopped", JSONObject().put("restartIn", 1.0))
            it.await("stopped")
            assertEquals(ServiceState.INITIALIZING, Bgsvc.state(PatientService.NAME))
            python.say("restart_failed")

            it.await("restart_failed")
            assertTrue(it.shadow.isStoppedBySelf)
        }
    }

    @Test
    fun `the last word of a run may come after the reply to the stop`() {
        Driven(PatientService::class.java, python).use {
            started(it)
            python.state = "stopped"
            python.obeys = false
            Bgsvc.stop(it.app, PatientService.NAME)
            it.until("the stop") { python.askedFor("stop").isNotEmpty() }
            it.pass(1)
            assertFalse(it.shadow.isStoppedBySelf)
            python.say("stopped", JSONObject().put("restartIn", 1.0))

            it.await("stopped")
            it.until("the end") { it.shadow.isStoppedBySelf }
        }
    }

    @Test
    fun `a time limit between two runs calls the next one off`() {
        Driven(PatientService::class.java, python).use {
            started(it)
            python.say("stopped", JSONObject().put("restartIn", 1.0))
            it.await("stopped")
            python.state = "stopped"
            python.obeys = false
            it.timeOut(ServiceInfo.FOREGROUND_SERVICE_TYPE_DATA_SYNC)

            it.until("the end") { it.shadow.isStoppedBySelf }
            assertEquals("platformTimeout", python.askedFor("stop").single().getString("reason"))
        }
    }

    private fun started(driven: Driven) {
        driven.command()
        driven.until("the start") { python.askedFor("start").isNotEmpty() }
    }

    private fun vectors(name: String): List<JSONObject> {
        val text = File(System.getProperty("bgsvc.test.vectors"), "$name.json").readText()
        val array = JSONArray(text)
        return (0 until array.length()).map(array::getJSONObject)
    }

    private fun words() = JSONObject(File(System.getProperty("bgsvc.test.vectors"), "words.json").readText())

    private companion object {
        const val REASON = "dev.bgsvc.extra.REASON"
        val python = Respondent()
        val KNOWN = listOf("hello", "start", "stop", "expire")
    }
}
