package dev.bgsvc

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.content.Context
import android.content.Intent
import android.net.Uri
import org.json.JSONArray
import org.json.JSONObject

/** One service's notifications: its own, which keeps it in the foreground, and those Python sends. */
internal class Notifications(
    private val context: Context,
    private val definition: ServiceDefinition,
) {
    private val channel = Declared.channelOf(definition.name)
    private val manager = context.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager

    /** Creates the channel, or gives an existing one its present name; without it Android ends the app. */
    fun createChannel() {
        val name = context.getString(definition.label)
        manager.createNotificationChannel(NotificationChannel(channel, name, definition.importance))
    }

    /** Returns the notification a foreground service has to show. */
    fun foreground(): Notification {
        val builder =
            builder(context.getString(definition.label))
                .setOngoing(true)
                .setCategory(Notification.CATEGORY_SERVICE)
        if (definition.stopLabel != 0) {
            val stop = toService().setAction(ForegroundService.ACTION_STOP)
            builder.addAction(button(context.getString(definition.stopLabel), stop))
        }
        definition.actions.forEach { builder.addAction(press(OWN, it.id, context.getString(it.label))) }
        return builder.build()
    }

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
        val actions = message.optJSONArray("actions") ?: JSONArray()
        for (index in 0 until actions.length()) {
            val action = actions.getJSONObject(index)
            builder.addAction(press(message.getString("key"), action.getString("id"), action.getString("title")))
        }
        return builder.build()
    }

    // The data tells two buttons' intents apart, for Android compares no extras.
    private fun press(
        notification: String,
        id: String,
        title: String,
    ): Notification.Action {
        val intent =
            toService()
                .setAction(ForegroundService.ACTION_BUTTON)
                .setData(Uri.fromParts("bgsvc", "$notification/$id", null))
                .putExtra(ForegroundService.EXTRA_NOTIFICATION, notification)
                .putExtra(ForegroundService.EXTRA_BUTTON, id)
        return button(title, intent)
    }

    private fun toService() = Intent().setComponent(Declared.find(context, definition.name)?.component)

    private fun button(
        title: String,
        intent: Intent,
    ): Notification.Action {
        val pending = PendingIntent.getForegroundService(context, 0, intent, PendingIntent.FLAG_IMMUTABLE)
        return Notification.Action.Builder(null, title, pending).build()
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
        // What Python hears where a button of the service's own notification is pressed.
        const val OWN = "foreground"
        const val STEPS = 1000
    }
}
