package dev.bgsvc

import java.io.File

/** Knows where Python's files are. */
fun interface PythonFiles {
    /**
     * Returns where they are, after putting them there if need be.
     *
     * @throws java.io.IOException when that fails.
     */
    fun locate(): Location

    /**
     * Where Python's files are.
     *
     * @property home Python's home: what holds `lib/python3.x`.
     * @property searchPath `sys.path`, the standard library included.
     */
    class Location(
        val home: File,
        val searchPath: List<File>,
    )
}
