package dev.bgsvc.tests

import org.junit.runner.Description
import org.junit.runner.JUnitCore
import org.junit.runner.notification.Failure
import org.junit.runner.notification.RunListener
import java.io.File
import kotlin.system.exitProcess

/** Runs test classes and writes a file for each test: the failures, or nothing. */
object TestReporter {
    /** Expects the folder for the files, and then the names of the classes. */
    @JvmStatic
    fun main(arguments: Array<String>) {
        val folder = File(arguments.first())
        val runner = JUnitCore()
        runner.addListener(Writer(folder))
        val result = runner.run(*arguments.drop(1).map { Class.forName(it) }.toTypedArray())
        exitProcess(if (result.wasSuccessful()) 0 else 1)
    }

    private class Writer(
        private val folder: File,
    ) : RunListener() {
        override fun testFinished(description: Description) = fileOf(description).appendText("")

        override fun testFailure(failure: Failure) = fileOf(failure.description).appendText(failure.trace)

        private fun fileOf(description: Description) = folder.resolve(description.methodName ?: description.className)
    }
}
