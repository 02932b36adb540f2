package dev.bgsvc

import android.annotation.SuppressLint
import android.app.Application
import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.content.ComponentName
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.content.pm.ServiceInfo
import android.os.Build
import android.os.IBinder

/** Keeps the process alive for [FiniteTasks] by a short service, for three minutes at most. */
class FiniteTaskService : TimeLimitedService() {
    private val tasks get() = BgsvcProcess.finiteTasks(application)
    private val keepAlive = FiniteTasks.KeepAlive { release() }

    /** Returns null: nothing binds to the service. */
    override fun onBind(intent: Intent?): IBinder? = null

    /** Enters the foreground before anything else, even if no task is left, as Android requires. */
    override fun onStartCommand(
        intent: Intent?,
        flags: Int,
        startId: Int,
    ): Int {
        if (enterForeground()) {
            tasks.hold(keepAlive)
        } else {
            tasks.replaceRefusedService()
            stopSelf()
        }
        return START_NOT_STICKY
    }

    override fun onTimeLimit() = tasks.expire()

    /** Forgets that the service keeps the process alive. */
    override fun onDestroy() {
        tasks.remove(keepAlive)
        super.onDestroy()
    }

    @SuppressLint("ForegroundServiceType") // An app with jobs alone does not declare it, and never comes here.
    private fun enterForeground(): Boolean =
        try {
            val component = ComponentName(this, javaClass)
            val icon =
                packageManager
                    .getServiceInfo(
                        component,
                        PackageManager.GET_META_DATA,
                    ).metaData
                    .getInt(DeclaredService.ICON)
            val notification = buildNotification(icon)
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE) {
                startForeground(icon, notification, ServiceInfo.FOREGROUND_SERVICE_TYPE_SHORT_SERVICE)
            } else {
                startForeground(icon, notification)
            }
            true
        } catch (_: IllegalStateException) {
            false
        } catch (_: SecurityException) {
            false
        }

    private fun buildNotification(icon: Int): Notification {
        val label = applicationInfo.loadLabel(packageManager)
        val manager = getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager
        manager.createNotificationChannel(NotificationChannel(CHANNEL_ID, label, NotificationManager.IMPORTANCE_LOW))
        return Notification
            .Builder(this, CHANNEL_ID)
            .setSmallIcon(icon)
            .setContentTitle(label)
            .setOngoing(true)
            .setCategory(Notification.CATEGORY_SERVICE)
            .build()
    }

    private fun release() {
        stopForeground(STOP_FOREGROUND_REMOVE)
        stopSelf()
    }

    internal companion object {
        // No other channel has this id: those of services end in a name.
        private const val CHANNEL_ID = "bgsvc"

        /** Starts the service; returns false if Android refuses or the manifest lacks it. */
        fun start(app: Application): Boolean =
            try {
                app.startForegroundService(Intent(app, FiniteTaskService::class.java)) != null
            } catch (_: IllegalStateException) {
                false
            } catch (_: SecurityException) {
                false
            }
    }
}
