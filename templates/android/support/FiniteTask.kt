package dev.bgsvc

import android.os.SystemClock
import java.util.UUID

/** A task that the app may finish after the user has left it, as long as Android grants. */
class FiniteTask internal constructor(
    internal val onExpire: Runnable,
    private val onEnd: (String) -> Unit,
    internal val id: String = UUID.randomUUID().toString(),
) : AutoCloseable {
    @Volatile
    internal var deadlineMillis: Long? = null

    /** The milliseconds that are left; null while the user sees the app, when there is no limit. */
    val remainingMillis: Long? get() = deadlineMillis?.let { maxOf(0, it - SystemClock.uptimeMillis()) }

    /** Ends the task: the process need not stay alive for it. From any thread, and idempotent. */
    fun end() = onEnd(id)

    /** The same as [end], for `use` and Java's `try`. */
    override fun close() = end()
}
