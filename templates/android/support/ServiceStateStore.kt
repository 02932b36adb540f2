package dev.bgsvc

import android.content.Context
import android.content.SharedPreferences
import android.util.Log
import org.json.JSONArray
import org.json.JSONObject

/**
 * What is stored of the services across processes: the desired state of each, and its last runs.
 *
 * It is in device-protected storage, which can be read before the user has unlocked the device.
 * Each change is on disk when the call returns.
 */
internal class ServiceStateStore(
    context: Context,
) {
    private val preferences: SharedPreferences =
        context.createDeviceProtectedStorageContext().getSharedPreferences("dev.bgsvc", Context.MODE_PRIVATE)

    /** Returns whether the service [name] is to run; null if nobody ever asked. */
    fun desiredRunning(name: String): Boolean? {
        val key = desiredStateKey(name)
        return if (preferences.contains(key)) preferences.getBoolean(key, false) else null
    }

    /** Stores whether the service [name] is to run. */
    fun setDesiredState(
        name: String,
        running: Boolean,
    ) {
        if (desiredRunning(name) != running) write { putBoolean(desiredStateKey(name), running) }
    }

    /** Returns the last runs of the service [name], the newest last. */
    fun history(name: String): JSONArray = JSONArray(preferences.getString(runsKey(name), "[]"))

    /** Stores what [event] says about the start or the end of a run. */
    fun record(event: BgsvcEvent) {
        val reason = event.data.optString("reason")
        when (event.event) {
            "started" -> {
                val run = JSONObject().put("run", event.run).put("started", event.time)
                updateRuns(event.service) { it.put(run.put("startReason", reason)) }
            }

            "stopped" -> {
                updateRuns(event.service) { closeLastRun(it, event.time, reason) }
            }
        }
    }

    /**
     * Closes the last run of the service [name] if its process ended before the run did.
     *
     * [time] is when the process ended, in seconds since the Unix epoch. Returns whether there was
     * such a run.
     */
    fun closeLostRun(
        name: String,
        time: Double,
        reason: String,
    ): Boolean {
        var isClosed = false
        updateRuns(name) {
            val startTime = it.optJSONObject(it.length() - 1)?.optDouble("started") ?: time
            // A run that started later belongs to this process, and is alive.
            isClosed = startTime <= time && closeLastRun(it, time, reason)
        }
        return isClosed
    }

    private fun closeLastRun(
        runs: JSONArray,
        time: Double,
        reason: String,
    ): Boolean {
        val last = runs.optJSONObject(runs.length() - 1) ?: return false
        if (last.has("ended")) return false
        last.put("ended", time).put("reason", reason)
        return true
    }

    private fun updateRuns(
        name: String,
        change: (JSONArray) -> Unit,
    ) {
        val runs = history(name)
        val before = runs.toString()
        change(runs)
        while (runs.length() > MAX_RUNS) runs.remove(0)
        val after = runs.toString()
        if (after != before) write { putString(runsKey(name), after) }
    }

    private fun write(change: SharedPreferences.Editor.() -> Unit) {
        val editor = preferences.edit()
        editor.change()
        if (!editor.commit()) Log.e("bgsvc", "cannot write the state of the services")
    }

    private fun desiredStateKey(name: String) = "$name.wanted"

    private fun runsKey(name: String) = "$name.runs"

    private companion object {
        const val MAX_RUNS = 20
    }
}
