package dev.bgsvc.tests

import android.app.Notification
import android.app.job.IJobCallback
import android.app.job.IJobService
import android.app.job.JobParameters
import android.content.Intent
import android.os.Binder
import dev.bgsvc.JobRunService
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadow.api.Shadow
import org.robolectric.shadows.ShadowJobService
import org.robolectric.util.ReflectionHelpers
import java.lang.reflect.Proxy

/** Starts and stops a job as Android's scheduler would, through the framework's own binder. */
internal class JobDriver(
    type: Class<out JobRunService>,
) : EventRecorder(type.simpleName.removeSuffix("Job").lowercase(), realPython) {
    private val service = Robolectric.buildService(type).create().get()
    private val binder = IJobService.Stub.asInterface(service.onBind(Intent()))
    private val parameters: JobParameters = Shadow.newInstanceOf(JobParameters::class.java)

    /** The job's calls to the scheduler's callback, each with its arguments. */
    val callbackCalls = mutableListOf<Pair<String, List<Any?>>>()
    val shadow: ShadowJobService get() = shadowOf(service)
    val isFinished: Boolean get() = shadow.isJobFinished

    /** The job's notification and its id; null if it shows none. */
    val notification: Pair<Int, Notification>? get() = Shadow.extract<ShadowShownJob>(service).notification

    init {
        val callback =
            Proxy.newProxyInstance(javaClass.classLoader, arrayOf(IJobCallback::class.java)) { _, method, values ->
                callbackCalls += method.name to values.orEmpty().toList()
                null
            } as IJobCallback
        val token = Binder().apply { attachInterface(callback, "android.app.job.IJobCallback") }
        ReflectionHelpers.setField(parameters, "callback", token)
    }

    fun start() {
        binder.startJob(parameters)
        advance(0)
    }

    /** Stops the job for one of Android's reasons; returns whether the job asks to run again. */
    fun stop(reason: Int): Boolean {
        ReflectionHelpers.setField(parameters, "mStopReason", reason)
        binder.stopJob(parameters)
        until("the end of the job") { callbackCalls.any { it.first == "acknowledgeStopMessage" } }
        return callbackCalls.last { it.first == "acknowledgeStopMessage" }.second[1] as Boolean
    }
}
