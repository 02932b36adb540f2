package dev.bgsvc

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.app.job.JobScheduler
import android.app.job.JobService
import android.content.ComponentName
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.content.pm.ServiceInfo

/** A service as the manifest declares it: what is known of it without running any of its code. */
internal class Declared private constructor(
    private val context: Context,
    private val info: ServiceInfo,
) {
    val component = ComponentName(info.packageName, info.name)

    /** The service's name in the spec. */
    val name: String = info.metaData.getString(NAME).orEmpty()

    /** Whether it starts with the device. */
    val startsOnBoot: Boolean = info.metaData.getBoolean(START_ON_BOOT)

    /** Whether that is before the user has unlocked it. */
    val startsLocked: Boolean = info.directBootAware

    private val isJob = info.permission == JobService.PERMISSION_BIND

    /** Returns an intent that starts it for [reason]. */
    fun startIntent(reason: StartReason): Intent =
        Intent().setComponent(component).putExtra(ForegroundService.EXTRA_REASON, reason.wire)

    /** Shows a notification by which the user lets it go on: a tap on it may start what the app may not. */
    fun offerToResume() {
        val manager = context.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager
        val label = info.loadLabel(context.packageManager)
        val channel = NotificationChannel(channelOf(name), label, NotificationManager.IMPORTANCE_LOW)
        manager.createNotificationChannel(channel)
        val notification =
            Notification
                .Builder(context, channel.id)
                .setSmallIcon(info.metaData.getInt(ICON))
                .setContentTitle(label)
                .setContentText(context.getString(info.metaData.getInt(RESUME)))
                .setContentIntent(resume())
                .setAutoCancel(true)
                .build()
        manager.notify(channel.id, info.labelRes, notification)
    }

    /** Takes that notification away. */
    fun withdrawOffer() {
        val manager = context.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager
        manager.cancel(channelOf(name), info.labelRes)
    }

    private fun resume(): PendingIntent {
        val intent = startIntent(StartReason.USER)
        return PendingIntent.getForegroundService(context, info.labelRes, intent, PendingIntent.FLAG_IMMUTABLE)
    }

    companion object {
        private const val NAME = "dev.bgsvc.name"
        private const val START_ON_BOOT = "dev.bgsvc.start_on_boot"
        private const val RESUME = "dev.bgsvc.resume"

        /** What the manifest calls the icon of a notification. */
        const val ICON = "dev.bgsvc.icon"

        /** Returns the id of the channel of the service [name]. */
        fun channelOf(name: String) = "bgsvc.$name"

        /** Returns every generated foreground service of the app. */
        fun all(context: Context): List<Declared> = everything(context).filterNot { it.isJob }

        /** Returns the foreground service called [name], if the manifest has it. */
        fun find(
            context: Context,
            name: String,
        ): Declared? = all(context).find { it.name == name }

        /** Returns what has the files of Python: those of an app that starts locked are to be readable then. */
        fun storageOf(context: Context): Context =
            if (everything(context).any { it.startsLocked }) context.createDeviceProtectedStorageContext() else context

        /** Calls off the jobs of the service [name]: Android has not begun them, or would again. */
        fun cancelJobs(
            context: Context,
            name: String,
        ) {
            val scheduler = context.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
            val components = everything(context).filter { it.isJob && it.name == name }.map { it.component }
            scheduler.allPendingJobs.filter { it.service in components }.forEach { scheduler.cancel(it.id) }
        }

        @Suppress("DEPRECATION") // The flags' own type came with API 33.
        private fun everything(context: Context): List<Declared> =
            context.packageManager
                .getPackageInfo(context.packageName, PackageManager.GET_SERVICES or PackageManager.GET_META_DATA)
                .services
                .orEmpty()
                .filter { it.metaData?.containsKey(NAME) == true }
                .map { Declared(context, it) }
    }
}
