package dev.bgsvc.tests

import android.content.Context
import dev.bgsvc.AssetPythonFiles
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import java.io.File

/** Python's files, copied out of the app's assets. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [36])
class AssetPythonFilesTest {
    private val context: Context = RuntimeEnvironment.getApplication()
    private val files = AssetPythonFiles(context)
    private val store = File(context.createDeviceProtectedStorageContext().noBackupFilesDir, "bgsvc-python")

    @Before
    fun install() = installVersion(1)

    @Test
    fun `everything is copied, and the search path leads to it`() {
        val found = files.locate()

        assertEquals(
            "# Stands for the standard library.\n",
            found.home.resolve("lib/python3.14/library.txt").readText(),
        )
        val names = found.searchPath.map { it.relativeTo(found.home).path }
        assertEquals(listOf("app", "lib/python3.14", "lib/python3.14/lib-dynload"), names)
        assertTrue(
            found.searchPath
                .first()
                .resolve("notes/sync.txt")
                .isFile,
        )
    }

    @Test
    fun `an app that starts locked has them where they are readable then`() {
        val locked = context.noBackupFilesDir.path
        val found = files.locate().home.path

        assertEquals(store.path, File(found).parent)
        assertFalse(found.startsWith(locked))
    }

    @Test
    fun `it is copied once`() {
        val mark =
            files
                .locate()
                .home
                .resolve("mark")
                .apply { writeText("") }
        files.locate()

        assertTrue(mark.isFile)
    }

    @Test
    fun `an update replaces it`() {
        val old = files.locate().home
        installVersion(2)
        val new = files.locate().home

        assertFalse(old.exists())
        assertTrue(new.resolve("lib/python3.14/library.txt").isFile)
    }

    @Test
    fun `a copy that was interrupted is not taken for whole`() {
        val rest = store.resolve("1.12345/python").apply { mkdirs() }
        val found = files.locate()

        assertFalse(rest.exists())
        assertTrue(found.home.resolve("lib/python3.14/library.txt").isFile)
    }

    private fun installVersion(number: Long) {
        val packages = shadowOf(context.packageManager)
        packages.getInternalMutablePackageInfo(context.packageName).lastUpdateTime = number
    }
}
