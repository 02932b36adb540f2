package dev.bgsvc

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.content.Context
import org.json.JSONObject

/** One service's notifications: its own, which keeps it in the foreground, and those Python sends. */
internal class Notifications(
    private val context: Context,
    private val definition: ServiceDefinition,
) {
    private val channel = "bgsvc.${definition.name}"
    private val manager = context.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager

    /** Creates the channel, or gives an existing one its present name; without it Android ends the app. */
    fun createChannel() {
        val name = context.getString(definition.label)
        manager.createNotificationChannel(NotificationChannel(channel, name, NotificationManager.IMPORTANCE_LOW))
    }

    /** Returns the notification a foreground service has to show. */
    fun foreground(): Notification =
        builder(context.getString(definition.label))
            .setOngoing(true)
            .setCategory(Notification.CATEGORY_SERVICE)
            .build()

    /** Shows, changes or removes a notification, as a `notification` message says. */
    fun take(message: JSONObject) {
        val tag = "$channel.${message.getString("key")}"
        when (message.getString("op")) {
            "show", "update" -> manager.notify(tag, definition.label, fromPython(message))
            "cancel" -> manager.cancel(tag, definition.label)
        }
    }

    private fun fromPython(message: JSONObject): Notification {
        val title = message.optString("title", context.getString(definition.label))
        val builder = builder(title).setContentText(message.optString("body")).setAutoCancel(true)
        message.optJSONObject("progress")?.let { progress ->
            val done = (progress.getDouble("done") * STEPS / progress.getDouble("total")).toInt()
            builder.setProgress(STEPS, done, false)
        }
        return builder.build()
    }

    private fun builder(title: String): Notification.Builder =
        Notification
            .Builder(context, channel)
            .setSmallIcon(definition.icon)
            .setContentTitle(title)
            .setOnlyAlertOnce(true)
            .setContentIntent(openApp())

    private fun openApp(): PendingIntent? =
        context.packageManager
            .getLaunchIntentForPackage(context.packageName)
            ?.let { PendingIntent.getActivity(context, 0, it, PendingIntent.FLAG_IMMUTABLE) }

    private companion object {
        const val STEPS = 1000
    }
}
