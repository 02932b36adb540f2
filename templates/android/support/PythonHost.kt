package dev.bgsvc

/**
 * What embeds Python in this process: the bridge's only view of it.
 *
 * Both functions are called on one worker thread. Python is started once in a process, by
 * whoever comes first, and never ended.
 */
interface PythonHost {
    /** The host's name on the wire. */
    val name: String

    /**
     * Starts Python unless it runs, imports the bridge, and gives it [sink].
     *
     * @throws Exception saying why there is no Python.
     */
    fun attach(sink: MessageSink)

    /** Hands [message], a request, to Python and returns its reply. */
    fun receive(message: String): String
}

/** Takes what Python sends, from any Python thread; it must not block. */
fun interface MessageSink {
    /** Takes one message. */
    fun send(message: String)
}
