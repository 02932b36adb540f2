package dev.bgsvc

import java.io.File

/** Locates Python's files. */
fun interface PythonFiles {
    /**
     * Returns where the files are; copies them there first if necessary.
     *
     * @throws java.io.IOException if that fails.
     */
    fun locate(): Location

    /**
     * Where Python's files are.
     *
     * @property home Python's home: the folder with `lib/python3.x`.
     * @property searchPath `sys.path`, including the standard library.
     */
    class Location(
        val home: File,
        val searchPath: List<File>,
    )
}
