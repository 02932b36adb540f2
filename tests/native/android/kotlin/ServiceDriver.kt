package dev.bgsvc.tests

import android.app.Application
import android.app.Service
import android.content.Intent
import android.os.Looper
import dev.bgsvc.Bgsvc
import dev.bgsvc.BgsvcEvent
import dev.bgsvc.BgsvcListener
import dev.bgsvc.ForegroundService
import dev.bgsvc.PythonHost
import dev.bgsvc.ServiceState
import dev.bgsvc.TimeLimitedService
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ServiceController
import org.robolectric.shadows.ShadowService
import java.time.Duration
import java.util.concurrent.TimeUnit

/** Records the events of the service [name]. */
internal open class EventRecorder(
    val name: String,
    host: PythonHost,
) : AutoCloseable {
    val app: Application = RuntimeEnvironment.getApplication()
    val events = mutableListOf<BgsvcEvent>()
    private val listener = BgsvcListener { if (it.service == name) events += it }

    init {
        Bgsvc.installPythonHost(host)
        Bgsvc.addListener(listener)
    }

    /** Runs the main thread until [count] events [event] have arrived; returns the last of them. */
    fun await(
        event: String,
        count: Int = 1,
    ): BgsvcEvent {
        until("$count $event") { all(event).size >= count }
        return all(event)[count - 1]
    }

    fun all(event: String) = events.filter { it.event == event }

    fun until(
        what: String,
        condition: () -> Boolean,
    ) {
        val deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS)
        while (!condition()) {
            check(System.nanoTime() < deadline) { "timed out waiting for $what; received $events" }
            check(events.none { "Python is not available" in it.data.optString("message") }) { "$events" }
            shadowOf(Looper.getMainLooper()).idle()
            Thread.sleep(POLL_INTERVAL_MILLIS)
        }
    }

    /** Advances the clock of the main thread, and no other, by [seconds]. */
    fun advance(seconds: Long) = shadowOf(Looper.getMainLooper()).idleFor(Duration.ofSeconds(seconds))

    fun names() = events.map { it.event }

    override fun close() {
        Bgsvc.stop(app, name)
        until("the end of $name") { Bgsvc.state(name) !in LIVE }
        Bgsvc.removeListener(listener)
    }

    private companion object {
        const val TIMEOUT_SECONDS = 30L
        const val POLL_INTERVAL_MILLIS = 5L
        val LIVE =
            setOf(
                ServiceState.INITIALIZING,
                ServiceState.RUNNING,
                ServiceState.STOPPING,
            )
    }
}

/** Drives a service as Android would, and records its events. */
internal class ServiceDriver(
    type: Class<out ForegroundService>,
    host: PythonHost = realPython,
) : EventRecorder(type.simpleName.removeSuffix("Service").lowercase(), host) {
    private val controller: ServiceController<out ForegroundService> = Robolectric.buildService(type).create()
    val service: Service get() = controller.get()
    val shadow: ShadowService get() = shadowOf(service)

    fun command(
        intent: Intent? = Intent(),
        startId: Int = 1,
    ): Int = service.onStartCommand(intent, 0, startId)

    /** Reports the time limit of [type] by the call that Android has from API 35 on. */
    fun reachTimeLimit(type: Int) = (service as TimeLimitedService).onTimeout(1, type)
}

/** The one real Python of this process. */
internal val realPython by lazy(::createPythonHost)
