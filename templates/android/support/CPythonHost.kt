package dev.bgsvc

/** Embeds Python by `libpython` itself, through `bgsvc_python.c`. */
class CPythonHost(
    private val files: PythonFiles,
) : PythonHost {
    override val name: String get() = "cpython"

    override fun attach(sink: MessageSink) {
        val location = files.locate()
        PythonLibrary.start(location.home.path, location.searchPath.map { it.path }.toTypedArray())
        PythonLibrary.attach(sink)
    }

    override fun receive(message: String): String = PythonLibrary.receive(message)
}

/** The functions of `bgsvc_python.c`; they throw [IllegalStateException] with Python's error. */
internal object PythonLibrary {
    init {
        System.loadLibrary("bgsvc_python")
    }

    /** Starts Python with its standard library in [home], unless this process already runs it. */
    @JvmStatic
    external fun start(
        home: String,
        searchPath: Array<String>,
    )

    /** Imports the bridge and gives it [sink] to send to. */
    @JvmStatic
    external fun attach(sink: MessageSink)

    /** Hands [message] to the bridge and returns its reply. */
    @JvmStatic
    external fun receive(message: String): String
}
