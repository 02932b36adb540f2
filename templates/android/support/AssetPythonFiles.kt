package dev.bgsvc

import android.content.Context
import java.io.File
import java.io.IOException

/**
 * Python in the app's assets: `python/lib/python3.x` is the standard library, `python/app` the
 * app's own code with the package `bgsvc`.
 *
 * They are copied out once per installed version, into a folder that is renamed when it is
 * complete: a process killed on the way leaves nothing that looks whole.
 */
class AssetPythonFiles(
    context: Context,
) : PythonFiles {
    private val context = context.applicationContext

    override fun locate(): PythonFiles.Location {
        val store = File(Declared.storageOf(context).noBackupFilesDir, "bgsvc-python")
        val home = File(store, installedVersion())
        if (!home.isDirectory) install(store, home)
        val library =
            home.resolve("lib").listFiles { file -> file.name.startsWith("python3") }?.singleOrNull()
                ?: throw IOException("the assets hold no python/lib/python3.x")
        return PythonFiles.Location(home, listOf(home.resolve("app"), library, library.resolve("lib-dynload")))
    }

    // Android writes it anew at each installation and update.
    private fun installedVersion(): String =
        context.packageManager
            .getPackageInfo(context.packageName, 0)
            .lastUpdateTime
            .toString()

    private fun install(
        store: File,
        home: File,
    ) {
        store.listFiles()?.forEach { it.deleteRecursively() }
        val unfinished = File(store, "${home.name}.${System.nanoTime()}")
        copy("python", unfinished)
        if (!unfinished.renameTo(home) && !home.isDirectory) throw IOException("cannot rename $unfinished")
    }

    // Assets know no folders: what has no children is a file.
    private fun copy(
        asset: String,
        target: File,
    ) {
        val children = context.assets.list(asset).orEmpty()
        if (children.isEmpty()) {
            target.parentFile?.mkdirs()
            context.assets.open(asset).use { source -> target.outputStream().use { source.copyTo(it) } }
        } else {
            children.forEach { copy("$asset/$it", target.resolve(it)) }
        }
    }
}
