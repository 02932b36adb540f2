package dev.bgsvc

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.content.ComponentName
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

    // What Python last said of the service's own notification.
    private var said: JSONObject? = null
    private val manager = context.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager

    /** Creates the channel, or gives an existing one its present name; without it Android ends the app. */
    fun createChannel() {
        val name = context.getString(definition.label)
        manager.createNotificationChannel(NotificationChannel(channel, name, definition.importance))
    }

    /** Returns the notification a foreground service has to show, with what Python says on it. */
    fun foreground(): Notification {
        val builder =
            fill(said ?: JSONObject())
                .setOngoing(true)
                .setCategory(Notification.CATEGORY_SERVICE)
        val service = Declared.find(context, definition.name)?.component
        if (service != null && definition.stopLabel != 0) {
            val stop = Intent().setComponent(service).setAction(ForegroundService.ACTION_STOP)
            builder.addAction(button(context.getString(definition.stopLabel), stop))
        }
        definition.actions.forEach { builder.press(service, OWN, it.id, context.getString(it.label)) }
        return builder.build()
    }

    /** Shows, changes or removes a notification, as a `notification` message says. */
    fun take(message: JSONObject) {
        val isShown = message.getString("op") != "cancel"
        val tag = "$channel.${message.getString("key")}"
        when {
            message.getString("key") == OWN -> {
                said = message.takeIf { isShown }
                manager.notify(definition.label, foreground())
            }

            isShown -> {
                manager.notify(tag, definition.label, fromPython(message))
            }

            else -> {
                manager.cancel(tag, definition.label)
            }
        }
    }

    /** The run is over, and what it said of itself with it. */
    fun forget() {
        said = null
    }

    private fun fill(message: JSONObject): Notification.Builder {
        val builder = builder(message.optString("title", context.getString(definition.label)))
        if (message.has("body")) builder.setContentText(message.getString("body"))
        message.optJSONObject("progress")?.let { progress ->
            val done = (progress.getDouble("done") * STEPS / progress.getDouble("total")).toInt()
            builder.setProgress(STEPS, done, false)
        }
        return builder
    }

    private fun fromPython(message: JSONObject): Notification {
        val builder = fill(message).setAutoCancel(true)
        val actions = message.optJSONArray("actions") ?: JSONArray()
        val service = Declared.find(context, definition.name)?.component
        for (index in 0 until actions.length()) {
            val action = actions.getJSONObject(index)
            builder.press(service, message.getString("key"), action.getString("id"), action.getString("title"))
        }
        return builder.build()
    }

    // A press goes to the foreground service; a job has none, and so no buttons. The data tells two
    // buttons' intents apart, for Android compares no extras.
    private fun Notification.Builder.press(
        service: ComponentName?,
        notification: String,
        id: String,
        title: String,
    ) {
        if (service == null) return
        val intent =
            Intent()
                .setComponent(service)
                .setAction(ForegroundService.ACTION_BUTTON)
                .setData(Uri.fromParts("bgsvc", "$notification/$id", null))
                .putExtra(ForegroundService.EXTRA_NOTIFICATION, notification)
                .putExtra(ForegroundService.EXTRA_BUTTON, id)
        addAction(button(title, intent))
    }

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

    companion object {
        /** What Python calls the service's own notification. */
        const val OWN = "foreground"

        private const val STEPS = 1000
    }
}
