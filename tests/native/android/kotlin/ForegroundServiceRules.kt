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
 * Decides as Android's system server would whether a service may enter the foreground.
 *
 * Robolectric has no such server. Its rules are in the framework that the test runs on, and are
 * read from there: the policy of each type, and the list of types that may start at boot.
 */
internal object ForegroundServiceRules {
    private const val BITS = 32

    /** Returns Android's exception if a permission for the bits [types] is missing, or null. */
    fun permissionRefusal(
        context: Context,
        types: Int,
    ): SecurityException? {
        val type = bitsOf(types).firstOrNull { !isGranted(context, it) } ?: return null
        return SecurityException("Starting FGS with type $type requires permissions")
    }

    /** Returns Android's exception for a start of [types] at boot; null if it allows that. */
    fun bootRefusal(types: Int): ForegroundServiceStartNotAllowedException? {
        if (types and typesAllowedAtBoot() != 0) return null
        return ForegroundServiceStartNotAllowedException("FGS type $types not allowed to start from BOOT_COMPLETED!")
    }

    /** Returns the bits of the types that may start at boot: all of them before API 35. */
    fun typesAllowedAtBoot(): Int =
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
        // For an unknown type Android returns the rule for no type, whose own type is 0.
        if (call<Int>(rule, "getForegroundServiceType") != type) return false
        val isHeld = { name: String -> context.checkSelfPermission(name) == PackageManager.PERMISSION_GRANTED }
        val all = permissions(rule, "mAllOfPermissions")
        val any = permissions(rule, "mAnyOfPermissions")
        // The user's consent, which no manifest can ask for: an app operation, not a permission.
        val isConsentEnough = any.any { it.startsWith("android:") }
        return all.all(isHeld) && (any.isEmpty() || any.any(isHeld) || isConsentEnough)
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
