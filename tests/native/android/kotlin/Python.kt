package dev.bgsvc.tests

import dev.bgsvc.CPythonHost
import dev.bgsvc.PythonFiles
import java.io.File

/** The Python of these tests, where the tests' caller says it is. */
internal fun pythonHost(): CPythonHost {
    val searchPath = System.getProperty("bgsvc.test.path").split(File.pathSeparator)
    val home = File(System.getProperty("bgsvc.test.home"))
    return CPythonHost { PythonFiles.Location(home, searchPath.map(::File)) }
}
