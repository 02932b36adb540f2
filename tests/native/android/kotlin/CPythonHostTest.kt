package dev.bgsvc.tests

import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import java.util.concurrent.Callable
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executors

/** The C source between Kotlin and CPython, with a bridge that does what each message says. */
class CPythonHostTest {
    private val python = createPythonHost()
    private val sent = CopyOnWriteArrayList<String>()

    @Before
    fun attach() = python.attach { sent += it }

    @Test
    fun `text of every plane comes back unchanged`() {
        val text = "a\u0000b é ‮ \u2028 \uD83D\uDC0D \uD800 alone"

        assertEquals(text, python.receive("echo $text"))
        python.receive("send $text")
        assertEquals(listOf(text), sent.toList())
    }

    @Test
    fun `an exception in Python arrives with its traceback`() {
        val error = assertThrows(IllegalStateException::class.java) { python.receive("raise \uD83D\uDC0D") }

        assertTrue(error.message, "ValueError: \uD83D\uDC0D" in error.message.orEmpty())
        assertTrue(error.message, "Traceback" in error.message.orEmpty())
    }

    @Test
    fun `Python replies again after an exception`() {
        assertThrows(IllegalStateException::class.java) { python.receive("raise x") }

        assertEquals("still here", python.receive("echo still here"))
    }

    @Test
    fun `every Python thread can send`() {
        python.receive("send-from-threads 8")

        assertEquals((0 until 8).map(Int::toString), sent.sorted())
    }

    @Test
    fun `an exception in the sink is raised in Python`() {
        python.attach { error("no \uD83D\uDC0D for $it") }

        assertEquals("java.lang.IllegalStateException: no \uD83D\uDC0D for x", python.receive("catch x"))
    }

    @Test
    fun `a reply that is not a str is refused`() {
        val error = assertThrows(IllegalStateException::class.java) { python.receive("number") }

        assertTrue(error.message, "a reply is a str" in error.message.orEmpty())
    }

    @Test
    fun `a message that is not a str is refused`() {
        assertEquals("a message is a str", python.receive("send-number"))
    }

    @Test
    fun `requests from many threads at once all get their reply`() {
        val pool = Executors.newFixedThreadPool(8)
        val questions = (0 until 200).map { Callable { python.receive("echo $it") } }

        assertEquals((0 until 200).map(Int::toString), pool.invokeAll(questions).map { it.get() })
        pool.shutdown()
    }

    @Test
    fun `Python is isolated, in UTF-8 mode, and without signal handlers`() {
        assertEquals("isolated utf8 no-signals", python.receive("settings"))
    }

    @Test
    fun `C modules of the standard library load`() {
        assertEquals("42", python.receive("sqlite select 6 * 7"))
    }
}
