package dev.bgsvc.tests

import dev.bgsvc.CPythonHost
import dev.bgsvc.MessageSink
import dev.bgsvc.PythonFiles
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.FixMethodOrder
import org.junit.Test
import org.junit.runners.MethodSorters
import java.io.File
import java.util.concurrent.Callable
import java.util.concurrent.CyclicBarrier
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger

private fun host(searchPath: String): CPythonHost {
    val home = File(System.getProperty("bgsvc.test.home"))
    return CPythonHost { PythonFiles.Location(home, searchPath.split(File.pathSeparator).map(::File)) }
}

private fun workingHost() = host(System.getProperty("bgsvc.test.path"))

/** A process in which Python cannot start. */
class FailedStartTest {
    @Test
    fun `a failed start reports its reason each time`() {
        val host = host("/nowhere")
        val first = assertThrows(IllegalStateException::class.java) { host.attach { } }
        val second = assertThrows(IllegalStateException::class.java) { host.attach { } }

        assertTrue(first.message, "encodings" in first.message.orEmpty())
        assertEquals(first.message, second.message)
    }
}

/** A process in which Python starts; the tests run in the order of their names. */
@FixMethodOrder(MethodSorters.NAME_ASCENDING)
class StartTest {
    @Test
    fun `a message before the start is refused`() {
        val error = assertThrows(IllegalStateException::class.java) { workingHost().receive("x") }

        assertEquals("Python was not started", error.message)
    }

    @Test
    fun `b a start from many threads at once starts Python once`() {
        val barrier = CyclicBarrier(THREADS)
        val pool = Executors.newFixedThreadPool(THREADS)
        val starts =
            (0 until THREADS).map {
                Callable {
                    val host = workingHost()
                    barrier.await()
                    host.attach { }
                    host.receive("echo")
                }
            }

        assertEquals(List(THREADS) { "echo" }, pool.invokeAll(starts).map { it.get() })
        pool.shutdown()
    }

    @Test
    fun `c a sink can be replaced by one of another class while threads send`() {
        val host = workingHost()
        val received = AtomicInteger()
        val one = MessageSink { received.incrementAndGet() }
        val other =
            object : MessageSink {
                override fun toString() = "a class with another table of methods"

                override fun send(message: String) {
                    received.incrementAndGet()
                }
            }
        host.attach(one)
        val sender = Executors.newSingleThreadExecutor()
        val sent = sender.submit(Callable { host.receive("$MESSAGES_PER_THREAD $THREADS") })
        var turns = 0
        while (!sent.isDone) host.attach(if (turns++ % 2 == 0) other else one)

        assertEquals("", sent.get())
        assertEquals(MESSAGES_PER_THREAD * THREADS, received.get())
        sender.shutdown()
    }

    @Test
    fun `d Python threads that called Java are detached when they end`() {
        val host = workingHost()
        host.attach { }
        host.receive("1 $THREADS")
        val deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS)
        while (attached() > 0) check(System.nanoTime() < deadline) { "${attached()} threads are left" }
    }

    private fun attached() = Thread.getAllStackTraces().keys.count { it.name == "bgsvc-python-thread" }

    private companion object {
        const val THREADS = 8
        const val MESSAGES_PER_THREAD = 500
        const val TIMEOUT_SECONDS = 30L
    }
}
