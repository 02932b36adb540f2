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

/** One service's notifications: its own for the foreground, and those that Python sends. */
internal class Notifications(
    private val context: Context,
    private val definition: ServiceDefinition,
) {
    private val channel = DeclaredService.channelId(definition.name)
    private val manager = context.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager

    // Python's last message for the service's own notification; null before there is one.
    private var foregroundMessage: JSONObject? = null

    /** Creates the channel, or renames an existing one; without a channel Android ends the app. */
    fun createChannel() {
        val name = context.getString(definition.label)
        manager.createNotificationChannel(NotificationChannel(channel, name, definition.importance))
    }

    /** Returns the foreground service's notification, with what Python last sent for it. */
    fun buildForeground(): Notification {
        val builder =
            builderFor(foregroundMessage ?: JSONObject())
                .setOngoing(true)
                .setCategory(Notification.CATEGORY_SERVICE)
        val service = DeclaredService.find(context, definition.name)?.component
        if (service != null && definition.stopLabel != 0) {
            val stop = Intent().setComponent(service).setAction(ForegroundService.ACTION_STOP)
            builder.addAction(createAction(context.getString(definition.stopLabel), stop))
        }
        definition.actions.forEach { builder.addButton(service, FOREGROUND_KEY, it.id, context.getString(it.label)) }
        return builder.build()
    }

    /** Shows, changes or cancels a notification as the `notification` message [message] says. */
    fun apply(message: JSONObject) {
        val isShown = message.getString("op") != "cancel"
        val tag = "$channel.${message.getString("key")}"
        when {
            message.getString("key") == FOREGROUND_KEY -> {
                foregroundMessage = message.takeIf { isShown }
                manager.notify(definition.label, buildForeground())
            }

            isShown -> {
                manager.notify(tag, definition.label, build(message))
            }

            else -> {
                manager.cancel(tag, definition.label)
            }
        }
    }

    /** Drops what the run that has ended sent for the service's own notification. */
    fun clearForegroundMessage() {
        foregroundMessage = null
    }

    private fun builderFor(message: JSONObject): Notification.Builder {
        val builder = builderWith(message.optString("title", context.getString(definition.label)))
        if (message.has("body")) builder.setContentText(message.getString("body"))
        message.optJSONObject("progress")?.let { progress ->
            val done = (progress.getDouble("done") * PROGRESS_STEPS / progress.getDouble("total")).toInt()
            builder.setProgress(PROGRESS_STEPS, done, false)
        }
        return builder
    }

    private fun build(message: JSONObject): Notification {
        val builder = builderFor(message).setAutoCancel(true)
        val actions = message.optJSONArray("actions") ?: JSONArray()
        val service = DeclaredService.find(context, definition.name)?.component
        for (index in 0 until actions.length()) {
            val action = actions.getJSONObject(index)
            builder.addButton(service, message.getString("key"), action.getString("id"), action.getString("title"))
        }
        return builder.build()
    }

    // A press is sent to the foreground service, so a job's notification has no buttons. Each
    // intent has its own data, because Android takes intents that differ only in their extras for
    // the same.
    private fun Notification.Builder.addButton(
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
        addAction(createAction(title, intent))
    }

    private fun createAction(
        title: String,
        intent: Intent,
    ): Notification.Action {
        val pending = PendingIntent.getForegroundService(context, 0, intent, PendingIntent.FLAG_IMMUTABLE)
        return Notification.Action.Builder(null, title, pending).build()
    }

    private fun builderWith(title: String): Notification.Builder =
        Notification
            .Builder(context, channel)
            .setSmallIcon(definition.icon)
            .setContentTitle(title)
            .setOnlyAlertOnce(true)
            .setContentIntent(openAppIntent())

    private fun openAppIntent(): PendingIntent? =
        context.packageManager
            .getLaunchIntentForPackage(context.packageName)
            ?.let { PendingIntent.getActivity(context, 0, it, PendingIntent.FLAG_IMMUTABLE) }

    companion object {
        /** The key that Python uses for the service's own notification. */
        const val FOREGROUND_KEY = "foreground"

        private const val PROGRESS_STEPS = 1000
    }
}
