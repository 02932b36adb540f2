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
internal class DeclaredService private constructor(
    private val context: Context,
    private val info: ServiceInfo,
) {
    /** The class that Android starts. */
    val component = ComponentName(info.packageName, info.name)

    /** The service's name in the spec. */
    val name: String = info.metaData.getString(NAME).orEmpty()

    /** Whether it starts when the device has booted. */
    val startsOnBoot: Boolean = info.metaData.getBoolean(START_ON_BOOT)

    /** Whether it may start before the first unlock of the device. */
    val isDirectBootAware: Boolean = info.directBootAware

    private val isJob = info.permission == JobService.PERMISSION_BIND

    /** Returns an intent that starts it for [reason]. */
    fun startIntent(reason: StartReason): Intent =
        Intent().setComponent(component).putExtra(ForegroundService.EXTRA_REASON, reason.wire)

    /** Shows a notification whose tap starts the service, even where the app may not start it. */
    fun showResumeNotification() {
        val manager = context.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager
        val label = info.loadLabel(context.packageManager)
        val channel = NotificationChannel(channelId(name), label, NotificationManager.IMPORTANCE_LOW)
        manager.createNotificationChannel(channel)
        val notification =
            Notification
                .Builder(context, channel.id)
                .setSmallIcon(info.metaData.getInt(ICON))
                .setContentTitle(label)
                .setContentText(context.getString(info.metaData.getInt(RESUME)))
                .setContentIntent(pendingStart())
                .setAutoCancel(true)
                .build()
        manager.notify(channel.id, info.labelRes, notification)
    }

    /** Removes that notification. */
    fun cancelResumeNotification() {
        val manager = context.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager
        manager.cancel(channelId(name), info.labelRes)
    }

    private fun pendingStart(): PendingIntent {
        val intent = startIntent(StartReason.USER)
        return PendingIntent.getForegroundService(context, info.labelRes, intent, PendingIntent.FLAG_IMMUTABLE)
    }

    companion object {
        private const val NAME = "dev.bgsvc.name"
        private const val START_ON_BOOT = "dev.bgsvc.start_on_boot"
        private const val RESUME = "dev.bgsvc.resume"

        /** The meta-data key of a notification's icon. */
        const val ICON = "dev.bgsvc.icon"

        /** Returns the id of the notification channel of the service [name]. */
        fun channelId(name: String) = "bgsvc.$name"

        /** Returns every generated foreground service of the app. */
        fun all(context: Context): List<DeclaredService> = servicesAndJobs(context).filterNot { it.isJob }

        /** Returns the foreground service [name], or null if the manifest does not have it. */
        fun find(
            context: Context,
            name: String,
        ): DeclaredService? = all(context).find { it.name == name }

        /**
         * Returns the context whose storage has Python's files.
         *
         * If a service starts before the first unlock, they are where they can be read before it.
         */
        fun storageContext(context: Context): Context =
            if (servicesAndJobs(context).any { it.isDirectBootAware }) {
                context.createDeviceProtectedStorageContext()
            } else {
                context
            }

        /** Cancels the scheduled jobs of the service [name], also those that repeat. */
        fun cancelJobs(
            context: Context,
            name: String,
        ) {
            val scheduler = context.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
            val components = servicesAndJobs(context).filter { it.isJob && it.name == name }.map { it.component }
            scheduler.allPendingJobs.filter { it.service in components }.forEach { scheduler.cancel(it.id) }
        }

        @Suppress("DEPRECATION") // The type PackageInfoFlags came with API 33.
        private fun servicesAndJobs(context: Context): List<DeclaredService> =
            context.packageManager
                .getPackageInfo(context.packageName, PackageManager.GET_SERVICES or PackageManager.GET_META_DATA)
                .services
                .orEmpty()
                .filter { it.metaData?.containsKey(NAME) == true }
                .map { DeclaredService(context, it) }
    }
}
