package dev.bgsvc

import android.app.Activity
import android.app.ActivityManager
import android.app.Application
import android.os.Bundle

/** Calls [onChange] whenever the app becomes visible to the user, or stops being so. */
internal class AppState(
    app: Application,
    private val onChange: () -> Unit,
) : Application.ActivityLifecycleCallbacks {
    private val startedActivities = HashSet<Activity>()

    // An activity may have started before this listener, or be about to start again.
    private var mayHaveOtherActivity = isProcessInForeground()

    /** Whether the user sees one of the app's activities. */
    var isVisible = mayHaveOtherActivity
        private set

    init {
        app.registerActivityLifecycleCallbacks(this)
    }

    override fun onActivityStarted(activity: Activity) {
        startedActivities += activity
        mayHaveOtherActivity = false
        update()
    }

    // An activity that is recreated, for example for another language, starts again at once.
    override fun onActivityStopped(activity: Activity) {
        startedActivities -= activity
        mayHaveOtherActivity = activity.isChangingConfigurations
        update()
    }

    private fun update() {
        val wasVisible = isVisible
        isVisible = mayHaveOtherActivity || startedActivities.isNotEmpty()
        if (isVisible != wasVisible) onChange()
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
        fun isProcessInForeground(): Boolean {
            val process = ActivityManager.RunningAppProcessInfo()
            ActivityManager.getMyMemoryState(process)
            return process.importance <= ActivityManager.RunningAppProcessInfo.IMPORTANCE_FOREGROUND
        }
    }
}
