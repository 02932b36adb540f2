package dev.bgsvc.tests

import dev.bgsvc.CPythonHost
import dev.bgsvc.PythonFiles
import java.io.File

/** Returns a host with the CPython that the system properties of the test run locate. */
internal fun createPythonHost(): CPythonHost {
    val searchPath = System.getProperty("bgsvc.test.path").split(File.pathSeparator)
    val home = File(System.getProperty("bgsvc.test.home"))
    return CPythonHost { PythonFiles.Location(home, searchPath.map(::File)) }
}
