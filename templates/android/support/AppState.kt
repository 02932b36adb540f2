package dev.bgsvc

import android.app.Activity
import android.app.ActivityManager
import android.app.Application
import android.os.Bundle

/** Tells whether the user sees the app, as often as that changes. */
internal class AppState(
    app: Application,
    private val onChange: () -> Unit,
) : Application.ActivityLifecycleCallbacks {
    private val started = HashSet<Activity>()

    // Whether there may be an activity that has not been heard of.
    private var assumed = ofProcess()

    /** Whether the user sees one of the app's activities. */
    var isVisible = assumed
        private set

    init {
        app.registerActivityLifecycleCallbacks(this)
    }

    override fun onActivityStarted(activity: Activity) {
        started += activity
        assumed = false
        update()
    }

    // An activity that is made anew, as for another language, is back at once.
    override fun onActivityStopped(activity: Activity) {
        started -= activity
        assumed = activity.isChangingConfigurations
        update()
    }

    private fun update() {
        val before = isVisible
        isVisible = assumed || started.isNotEmpty()
        if (isVisible != before) onChange()
    }

    override fun onActivityCreated(
        activity: Activity,
        savedInstanceState: Bundle?,
    ) = Unit

    override fun onActivityResumed(activity: Activity) = Unit

    override fun onActivityPaused(activity: Activity) = Unit

    override fun onActivitySaveInstanceState(
        activity: Activity,
        outState: Bundle,
    ) = Unit

    override fun onActivityDestroyed(activity: Activity) = Unit

    private companion object {
        fun ofProcess(): Boolean {
            val process = ActivityManager.RunningAppProcessInfo()
            ActivityManager.getMyMemoryState(process)
            return process.importance <= ActivityManager.RunningAppProcessInfo.IMPORTANCE_FOREGROUND
        }
    }
}
