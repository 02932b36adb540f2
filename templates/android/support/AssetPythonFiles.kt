package dev.bgsvc

import android.content.Context
import java.io.File
import java.io.IOException

/**
 * Copies Python's files out of the app's assets.
 *
 * The asset folder `python/lib/python3.x` is the standard library, `python/app` the app's own code
 * with the package `bgsvc`. They are copied once per installed version, into a folder that is
 * renamed when it is complete: a process killed during the copy leaves no complete folder.
 */
class AssetPythonFiles(
    context: Context,
) : PythonFiles {
    private val context = context.applicationContext

    override fun locate(): PythonFiles.Location {
        val storage = File(DeclaredService.storageContext(context).noBackupFilesDir, "bgsvc-python")
        val home = File(storage, installedVersion())
        if (!home.isDirectory) install(storage, home)
        val library =
            home.resolve("lib").listFiles { file -> file.name.startsWith("python3") }?.singleOrNull()
                ?: throw IOException("the app's assets have no folder python/lib/python3.x, or several")
        return PythonFiles.Location(home, listOf(home.resolve("app"), library, library.resolve("lib-dynload")))
    }

    // Android changes this time with each installation and update.
    private fun installedVersion(): String =
        context.packageManager
            .getPackageInfo(context.packageName, 0)
            .lastUpdateTime
            .toString()

    private fun install(
        storage: File,
        home: File,
    ) {
        storage.listFiles()?.forEach { it.deleteRecursively() }
        val unfinished = File(storage, "${home.name}.${System.nanoTime()}")
        copy("python", unfinished)
        if (!unfinished.renameTo(home) && !home.isDirectory) throw IOException("cannot rename $unfinished")
    }

    // The asset manager does not mark folders: an entry without children is a file.
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
