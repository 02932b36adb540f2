package dev.bgsvc.bench

import dev.bgsvc.CPythonHost
import dev.bgsvc.PythonFiles
import java.io.File

/** The least that C can do to have Python answer a string: `floor.c`. */
internal object Floor {
    init {
        System.loadLibrary("bgsvc_floor")
    }

    @JvmStatic
    external fun attach()

    @JvmStatic
    external fun receive(message: String): String
}

private const val WARM = 20_000

private val texts =
    mapOf(
        "a state's 60 characters" to """{"v":1,"id":"7","type":"state","service":"sync","flavour":1}""",
        "a start's 600 characters" to """{"v":1,"type":"start","label":"Syncing"}""".repeat(15),
        "16,000 characters, some of them emoji" to "Notizen abgleichen 🐍 ".repeat(760),
    )

/** Takes Python's home, its search path, rounds and calls; prints a line for each text: name, ours and the floor's nanoseconds. */
fun main(arguments: Array<String>) {
    val (home, path, rounds, calls) = arguments
    val host = CPythonHost { PythonFiles.Location(File(home), path.split(File.pathSeparator).map(::File)) }
    host.attach { }
    Floor.attach()
    for ((name, text) in texts) {
        check(host.receive(text) == text && Floor.receive(text) == text)
        nanos(WARM) { host.receive(text) }
        nanos(WARM) { Floor.receive(text) }
        // In short turns, of which the best counts: whatever else the machine does misses some of both.
        val pairs =
            List(rounds.toInt()) {
                nanos(calls.toInt()) { host.receive(text) } to nanos(calls.toInt()) { Floor.receive(text) }
            }
        println("$name\t${pairs.minOf { it.first }}\t${pairs.minOf { it.second }}")
    }
}

private inline fun nanos(
    calls: Int,
    call: () -> Unit,
): Double {
    val began = System.nanoTime()
    repeat(calls) { call() }
    return (System.nanoTime() - began).toDouble() / calls
}
