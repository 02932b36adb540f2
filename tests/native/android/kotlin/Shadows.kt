package dev.bgsvc.tests

import android.app.ActivityManager
import android.app.Notification
import android.app.Service
import android.app.job.JobParameters
import android.app.job.JobService
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadows.ShadowJobService
import org.robolectric.shadows.ShadowService

/** A service whose start in the foreground Android silently ignores while the app is restricted. */
@Implements(Service::class)
class ShadowRestrictedService : ShadowService() {
    @Implementation
    override fun getForegroundServiceType(): Int {
        val manager = RuntimeEnvironment.getApplication().getSystemService(ActivityManager::class.java)
        return if (manager.isBackgroundRestricted) 0 else super.getForegroundServiceType()
    }
}

/** A job service that records its notification. */
@Implements(JobService::class)
class ShadowShownJob : ShadowJobService() {
    internal var notification: Pair<Int, Notification>? = null

    @Implementation
    override fun setNotification(
        parameters: JobParameters,
        id: Int,
        notification: Notification,
        policy: Int,
    ) {
        this.notification = id to notification
    }
}
