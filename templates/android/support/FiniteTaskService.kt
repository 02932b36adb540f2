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

/** Keeps the process alive while [FiniteTasks] are done: a short service, which Android limits to three minutes. */
class FiniteTaskService : TimeLimitedService() {
    private val tasks get() = BgsvcProcess.finiteTasks(application)
    private val keeper = FiniteTasks.Keeper { release() }

    /** Returns null: nothing binds to the service. */
    override fun onBind(intent: Intent?): IBinder? = null

    /** Enters the foreground before anything else, though there may be nothing left to do. */
    override fun onStartCommand(
        intent: Intent?,
        flags: Int,
        startId: Int,
    ): Int {
        if (enterForeground()) {
            tasks.hold(keeper)
        } else {
            tasks.refused()
            stopSelf()
        }
        return START_NOT_STICKY
    }

    override fun onTimeLimit() = tasks.expire()

    /** Tells that nothing keeps the process alive any more. */
    override fun onDestroy() {
        tasks.leave(keeper)
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
                    .getInt(Declared.ICON)
            val notification = notification(icon)
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

    private fun notification(icon: Int): Notification {
        val label = applicationInfo.loadLabel(packageManager)
        val manager = getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager
        manager.createNotificationChannel(NotificationChannel(CHANNEL, label, NotificationManager.IMPORTANCE_LOW))
        return Notification
            .Builder(this, CHANNEL)
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
        // No service's: theirs end in a name.
        private const val CHANNEL = "bgsvc"

        /** Asks for the service, and returns whether Android takes that; the manifest may have none. */
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
