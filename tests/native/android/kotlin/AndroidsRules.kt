package dev.bgsvc.tests

import android.app.ForegroundServiceStartNotAllowedException
import android.content.Context
import android.content.pm.PackageManager
import android.os.Build
import org.robolectric.util.ReflectionHelpers.callStaticMethod
import org.robolectric.util.ReflectionHelpers.getField
import org.robolectric.util.ReflectionHelpers.getStaticField
import org.robolectric.util.ReflectionHelpers.ClassParameter.from as argument
import org.robolectric.util.ReflectionHelpers.callInstanceMethod as call

/**
 * What Android's system server would say to a service that wants to the foreground.
 *
 * Robolectric has no such server; the rules it goes by are in the framework, and read here from the one that the
 * test runs on: the policy of each type, and the list of types that may start with the device.
 */
internal object AndroidsRules {
    private const val BITS = 32

    /** Returns how Android refuses a service of [types], a sum of bits, for want of a permission; null if it does not. */
    fun missingPermission(
        context: Context,
        types: Int,
    ): SecurityException? {
        val lacking = bitsOf(types).firstOrNull { !isGranted(context, it) } ?: return null
        return SecurityException("Starting FGS with type $lacking requires permissions")
    }

    /** Returns how Android refuses a service of [types] when the device starts; null if it does not. */
    fun atBoot(types: Int): ForegroundServiceStartNotAllowedException? {
        if (types and startingWithTheDevice() != 0) return null
        return ForegroundServiceStartNotAllowedException("FGS type $types not allowed to start from BOOT_COMPLETED!")
    }

    /** Returns the bits of the types that may start with the device: all of them before API 35. */
    fun startingWithTheDevice(): Int =
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.VANILLA_ICE_CREAM) {
            -1
        } else {
            val constants = Class.forName("com.android.server.am.ActivityManagerConstants")
            getStaticField(constants, "DEFAULT_FGS_BOOT_COMPLETED_ALLOWLIST")
        }

    private fun isGranted(
        context: Context,
        type: Int,
    ): Boolean {
        val policy = callStaticMethod<Any>(Class.forName("android.app.ForegroundServiceTypePolicy"), "getDefaultPolicy")
        val bit = Int::class.javaPrimitiveType
        val rule = call<Any>(policy, "getForegroundServiceTypePolicyInfo", argument(bit, type), argument(bit, 0))
        // What Android does not know falls to the rule for no type, which has its own number: 0.
        if (call<Int>(rule, "getForegroundServiceType") != type) return false
        val has = { name: String -> context.checkSelfPermission(name) == PackageManager.PERMISSION_GRANTED }
        val all = permissions(rule, "mAllOfPermissions")
        val any = permissions(rule, "mAnyOfPermissions")
        // A consent of the user's, which no manifest can ask for: it is no permission, but an operation.
        val consent = any.any { it.startsWith("android:") }
        return all.all(has) && (any.isEmpty() || any.any(has) || consent)
    }

    private fun permissions(
        rule: Any,
        field: String,
    ): List<String> {
        val group = getField<Any?>(rule, field) ?: return emptyList()
        return getField<Array<Any>>(group, "mPermissions").map { getField(it, "mName") }
    }

    private fun bitsOf(types: Int) = (0 until BITS).map { 1 shl it }.filter { it and types != 0 }
}
