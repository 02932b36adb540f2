package dev.bgsvc

/**
 * Embeds Python in this process.
 *
 * The bridge calls both functions on one worker thread. Python starts once in a process, by the
 * app or by the first service, and never ends.
 */
interface PythonHost {
    /** The host's name on the bridge. */
    val name: String

    /**
     * Starts Python unless it runs already, imports `bgsvc.bridge`, and gives it [sink] to send to.
     *
     * @throws Exception if Python is not available; its message says why.
     */
    fun attach(sink: MessageSink)

    /** Hands [message], a request, to Python and returns its reply. */
    fun receive(message: String): String
}

/** Takes Python's messages, on any Python thread; it must not block. */
fun interface MessageSink {
    /** Takes one message. */
    fun send(message: String)
}
