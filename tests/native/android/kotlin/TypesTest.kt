package dev.bgsvc.tests

import android.app.ForegroundServiceStartNotAllowedException
import android.app.MissingForegroundServiceTypeException
import android.content.Intent
import android.content.pm.PackageManager
import android.content.pm.ServiceInfo
import android.os.Build
import dev.bgsvc.Bgsvc
import dev.bgsvc.ForegroundService
import org.example.heartbeat.bgsvc.ButtonsService
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf

/** A service of each type, and what becomes of one that Android refuses. */
@RunWith(RobolectricTestRunner::class)
class TypesTest {
    private val app = RuntimeEnvironment.getApplication()
    private val services = declared().filter { nameOf(it).startsWith("of") }
    private val asked =
        app.packageManager
            .getPackageInfo(app.packageName, PackageManager.GET_PERMISSIONS)
            .requestedPermissions
            .orEmpty()

    @Test
    fun `a service of each type runs in the foreground of its type, and stops`() {
        shadowOf(app).grantPermissions(*asked)
        assertEquals(15, services.size)
        assertEquals(15, services.map { it.foregroundServiceType }.toSet().size)
        for (info in services) {
            val type = classOf(info)
            Driven(type).use {
                it.command()
                assertNotEquals(0, info.foregroundServiceType)
                assertEquals(info.name, info.foregroundServiceType, it.service.foregroundServiceType)
                assertEquals("bgsvc.${it.name}", it.shadow.lastForegroundNotification.channelId)
                it.await("started")
                it.command(Bgsvc.stopIntent(app, type), 2)

                assertEquals("nativeNotificationStop", it.await("stopped").data.getString("reason"))
                assertTrue(info.name, it.shadow.isForegroundStopped && it.shadow.isStoppedBySelf)
            }
        }
    }

    @Test
    fun `what the manifest asks for is what Android wants of each type`() {
        shadowOf(app).grantPermissions(*asked)
        val refused = services.filter { AndroidsRules.missingPermission(app, it.foregroundServiceType) != null }
        val isOld = Build.VERSION.SDK_INT < Build.VERSION_CODES.VANILLA_ICE_CREAM
        val tooNew = if (isOld) listOf("ofmediaprocessing") else emptyList()

        assertEquals(tooNew, refused.map(::nameOf))
    }

    @Test
    fun `each type without its permission is refused, and not the end of the app`() {
        shadowOf(app).denyPermissions(*asked)
        val without = services.map(::nameOf).toMutableList()
        for (info in services) {
            val refusal = AndroidsRules.missingPermission(app, info.foregroundServiceType) ?: continue
            without -= nameOf(info)
            assertRefused(info, refusal, Intent(), "ask the user for the permission")
        }

        assertEquals(listOf("ofshortservice"), without)
    }

    @Test
    fun `each of Android's refusals of each type is an error that says what to do`() {
        val refusals =
            mapOf(
                ForegroundServiceStartNotAllowedException("from the background") to "while the user sees the app",
                MissingForegroundServiceTypeException("without a type") to "merge the generated manifest",
                SecurityException("without a permission") to "ask the user for the permission",
                IllegalArgumentException("not a subset") to "",
            )
        for (info in services) {
            for ((refusal, fix) in refusals) assertRefused(info, refusal, Intent(), fix)
        }
    }

    @Test
    fun `of each type only those start with the device that Android lets`() {
        val allowed = System.getProperty("bgsvc.test.boot").toInt()
        val all = services.fold(0) { bits, info -> bits or info.foregroundServiceType }
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.VANILLA_ICE_CREAM) {
            assertEquals("the facts", AndroidsRules.startingWithTheDevice() and all, allowed)
        }
        for (info in services) {
            val boot = Intent().putExtra("dev.bgsvc.extra.REASON", "boot")
            val refusal = AndroidsRules.atBoot(info.foregroundServiceType)
            if (refusal != null) {
                assertRefused(info, refusal, boot, "")
            } else {
                Driven(classOf(info)).use {
                    it.command(boot)
                    assertEquals("boot", it.await("started").data.getString("reason"))
                }
            }
        }
    }

    @Test
    fun `a restricted app, which Android does not hear, is told so`() {
        val manager = app.getSystemService(android.app.ActivityManager::class.java)
        shadowOf(manager).setBackgroundRestricted(true)
        Driven(ButtonsService::class.java).use {
            it.command()
            val error = it.await("error").data

            assertEquals("Android has not brought the service to the foreground", error.getString("message"))
            assertTrue("$error", "battery" in error.getString("fix"))
            assertEquals(listOf("error"), it.names())
            assertTrue(it.shadow.isStoppedBySelf)
        }
    }

    private fun assertRefused(
        info: ServiceInfo,
        refusal: RuntimeException,
        intent: Intent,
        fix: String,
    ) {
        Driven(classOf(info)).use {
            it.shadow.setThrowInStartForeground(refusal)
            it.command(intent)
            val error = it.await("error").data

            assertEquals("platform ${refusal.message}", "${error.getString("code")} ${error.getString("message")}")
            assertTrue("$error", fix in error.getString("fix"))
            assertTrue(it.shadow.isStoppedBySelf)
            it.pass(1)
            assertEquals(listOf("error"), it.names())
        }
    }

    private fun classOf(info: ServiceInfo) = Class.forName(info.name).asSubclass(ForegroundService::class.java)

    private fun nameOf(info: ServiceInfo) = info.metaData?.getString("dev.bgsvc.name").orEmpty()

    @Suppress("DEPRECATION") // The flags' own type came with API 33.
    private fun declared(): List<ServiceInfo> =
        app.packageManager
            .getPackageInfo(app.packageName, PackageManager.GET_SERVICES or PackageManager.GET_META_DATA)
            .services
            .orEmpty()
            .toList()
}
