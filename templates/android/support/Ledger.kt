package dev.bgsvc

import android.content.Context
import android.content.SharedPreferences
import android.util.Log
import org.json.JSONArray
import org.json.JSONObject

/**
 * What is known of the services across processes: whether each is wanted, and its last runs.
 *
 * In device-protected storage, so that it can be read before the user has unlocked the device; each
 * change is on the disk when the call returns.
 */
internal class Ledger(
    context: Context,
) {
    private val store: SharedPreferences =
        context.createDeviceProtectedStorageContext().getSharedPreferences("dev.bgsvc", Context.MODE_PRIVATE)

    /** Returns whether the service [name] is wanted; null if nobody ever asked. */
    fun isWanted(name: String): Boolean? =
        if (store.contains(wanted(name))) store.getBoolean(wanted(name), false) else null

    /** Notes whether the service [name] is wanted. */
    fun want(
        name: String,
        running: Boolean,
    ) {
        if (isWanted(name) != running) write { putBoolean(wanted(name), running) }
    }

    /** Returns the last runs of the service [name], the newest last. */
    fun history(name: String): JSONArray = JSONArray(store.getString(runs(name), "[]"))

    /** Notes what an event says of a run's begin or end. */
    fun take(event: BgsvcEvent) {
        val reason = event.data.optString("reason")
        when (event.event) {
            "started" -> {
                val begun = JSONObject().put("run", event.run).put("started", event.time)
                update(event.service) { it.put(begun.put("startReason", reason)) }
            }

            "stopped" -> {
                update(event.service) { close(it, event.time, reason) }
            }
        }
    }

    /** Ends a run whose process has died under it; returns whether there was one. */
    fun closeLost(
        name: String,
        time: Double,
        reason: String,
    ): Boolean {
        var found = false
        update(name) {
            val began = it.optJSONObject(it.length() - 1)?.optDouble("started") ?: time
            // One that began later is of this process, and alive.
            found = began <= time && close(it, time, reason)
        }
        return found
    }

    private fun close(
        runs: JSONArray,
        time: Double,
        reason: String,
    ): Boolean {
        val last = runs.optJSONObject(runs.length() - 1) ?: return false
        if (last.has("ended")) return false
        last.put("ended", time).put("reason", reason)
        return true
    }

    private fun update(
        name: String,
        change: (JSONArray) -> Unit,
    ) {
        val runs = history(name)
        val before = runs.toString()
        change(runs)
        while (runs.length() > LONGEST) runs.remove(0)
        val after = runs.toString()
        if (after != before) write { putString(runs(name), after) }
    }

    private fun write(change: SharedPreferences.Editor.() -> Unit) {
        val editor = store.edit()
        editor.change()
        if (!editor.commit()) Log.e("bgsvc", "the state of the services cannot be written")
    }

    private fun wanted(name: String) = "$name.wanted"

    private fun runs(name: String) = "$name.runs"

    private companion object {
        const val LONGEST = 20
    }
}
