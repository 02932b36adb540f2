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

/** A job that the test grants and ends in the scheduler's place, through the framework's own binder. */
internal class DrivenJob(
    type: Class<out JobRunService>,
) : Heard(type.simpleName.removeSuffix("Job").lowercase(), realPython) {
    private val service = Robolectric.buildService(type).create().get()
    private val binder = IJobService.Stub.asInterface(service.onBind(Intent()))
    private val parameters: JobParameters = Shadow.newInstanceOf(JobParameters::class.java)

    /** What the job told the scheduler: the calls of its callback, with what they carry. */
    val told = mutableListOf<Pair<String, List<Any?>>>()
    val shadow: ShadowJobService get() = shadowOf(service)
    val isFinished: Boolean get() = shadow.isJobFinished

    /** The notification by which the user sees the job, and its id. */
    val shown: Pair<Int, Notification>? get() = Shadow.extract<ShownJob>(service).shown

    init {
        val callback =
            Proxy.newProxyInstance(javaClass.classLoader, arrayOf(IJobCallback::class.java)) { _, method, values ->
                told += method.name to values.orEmpty().toList()
                null
            } as IJobCallback
        val token = Binder().apply { attachInterface(callback, "android.app.job.IJobCallback") }
        ReflectionHelpers.setField(parameters, "callback", token)
    }

    fun grant() {
        binder.startJob(parameters)
        pass(0)
    }

    /** Ends the job for one of the platform's reasons; returns whether it is to be granted again. */
    fun take(reason: Int): Boolean {
        ReflectionHelpers.setField(parameters, "mStopReason", reason)
        binder.stopJob(parameters)
        until("the end of the job") { told.any { it.first == "acknowledgeStopMessage" } }
        return told.last { it.first == "acknowledgeStopMessage" }.second[1] as Boolean
    }
}
