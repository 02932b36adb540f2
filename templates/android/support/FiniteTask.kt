package dev.bgsvc

import android.os.SystemClock
import java.util.UUID

/** Something that the app finishes even if the user leaves it, as long as Android grants. */
class FiniteTask internal constructor(
    internal val onExpire: Runnable,
    private val onEnd: (String) -> Unit,
    internal val id: String = UUID.randomUUID().toString(),
) : AutoCloseable {
    @Volatile
    internal var deadline: Long? = null

    /** The milliseconds that Android still grants; null while the user sees the app, for as long as it likes. */
    val remainingMillis: Long? get() = deadline?.let { maxOf(0, it - SystemClock.uptimeMillis()) }

    /** It is done, and Android has its time back; from any thread, and more than once is no harm. */
    fun end() = onEnd(id)

    /** The same as [end], for `use` and Java's `try`. */
    override fun close() = end()
}
