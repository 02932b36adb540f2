package dev.bgsvc

import android.app.Activity
import android.app.ActivityManager
import android.app.Application
import android.content.Context
import android.os.Bundle

/** Tells whether the user sees the app, as often as that changes. */
internal class AppState(
    private val tell: (Boolean) -> Unit,
) : Application.ActivityLifecycleCallbacks {
    private var visible = 0

    /** Begins to listen, and tells how things are. */
    fun watch(context: Context) {
        val process = ActivityManager.RunningAppProcessInfo()
        ActivityManager.getMyMemoryState(process)
        visible = if (process.importance <= ActivityManager.RunningAppProcessInfo.IMPORTANCE_FOREGROUND) 1 else 0
        (context.applicationContext as Application).registerActivityLifecycleCallbacks(this)
        tell(visible > 0)
    }

    override fun onActivityStarted(activity: Activity) {
        visible += 1
        if (visible == 1) tell(true)
    }

    override fun onActivityStopped(activity: Activity) {
        visible -= 1
        if (visible == 0) tell(false)
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
}
