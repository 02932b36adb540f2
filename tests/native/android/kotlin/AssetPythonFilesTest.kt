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
    fun `the assets are copied, and the search path names their folders`() {
        val location = files.locate()

        assertEquals(
            "# Stands for the standard library.\n",
            location.home.resolve("lib/python3.14/library.txt").readText(),
        )
        val names = location.searchPath.map { it.relativeTo(location.home).path }
        assertEquals(listOf("app", "lib/python3.14", "lib/python3.14/lib-dynload"), names)
        assertTrue(
            location.searchPath
                .first()
                .resolve("notes/sync.txt")
                .isFile,
        )
    }

    @Test
    fun `an app with direct boot has the files in device-protected storage`() {
        val credentialProtected = context.noBackupFilesDir.path
        val home = files.locate().home.path

        assertEquals(store.path, File(home).parent)
        assertFalse(home.startsWith(credentialProtected))
    }

    @Test
    fun `a second call copies nothing`() {
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
    fun `an update of the app replaces the files`() {
        val old = files.locate().home
        installVersion(2)
        val new = files.locate().home

        assertFalse(old.exists())
        assertTrue(new.resolve("lib/python3.14/library.txt").isFile)
    }

    @Test
    fun `an interrupted copy is removed and made again`() {
        val rest = store.resolve("1.12345/python").apply { mkdirs() }
        val location = files.locate()

        assertFalse(rest.exists())
        assertTrue(location.home.resolve("lib/python3.14/library.txt").isFile)
    }

    private fun installVersion(number: Long) {
        val packages = shadowOf(context.packageManager)
        packages.getInternalMutablePackageInfo(context.packageName).lastUpdateTime = number
    }
}
