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

/** A service of each type, and the error where Android refuses it. */
@RunWith(RobolectricTestRunner::class)
class ServiceTypesTest {
    private val app = RuntimeEnvironment.getApplication()
    private val services = declared().filter { nameOf(it).startsWith("of") }
    private val requestedPermissions =
        app.packageManager
            .getPackageInfo(app.packageName, PackageManager.GET_PERMISSIONS)
            .requestedPermissions
            .orEmpty()

    @Test
    fun `a service of each type runs in the foreground with its type, and stops`() {
        shadowOf(app).grantPermissions(*requestedPermissions)
        assertEquals(15, services.size)
        assertEquals(15, services.map { it.foregroundServiceType }.toSet().size)
        for (info in services) {
            val type = classOf(info)
            ServiceDriver(type).use {
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
    fun `the manifest's permissions satisfy Android for each type`() {
        shadowOf(app).grantPermissions(*requestedPermissions)
        val refused =
            services.filter { ForegroundServiceRules.permissionRefusal(app, it.foregroundServiceType) != null }
        val isOld = Build.VERSION.SDK_INT < Build.VERSION_CODES.VANILLA_ICE_CREAM
        val unknownTypes = if (isOld) listOf("ofmediaprocessing") else emptyList()

        assertEquals(unknownTypes, refused.map(::nameOf))
    }

    @Test
    fun `each type without its permission is refused, and the app does not crash`() {
        shadowOf(app).denyPermissions(*requestedPermissions)
        val notRefused = services.map(::nameOf).toMutableList()
        for (info in services) {
            val refusal = ForegroundServiceRules.permissionRefusal(app, info.foregroundServiceType) ?: continue
            notRefused -= nameOf(info)
            assertRefused(info, refusal, Intent(), "ask the user for the permission")
        }

        assertEquals(listOf("ofshortservice"), notRefused)
    }

    @Test
    fun `each refusal of each type is an error with a fix`() {
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
    fun `at boot exactly the types that Android allows start`() {
        val allowed = System.getProperty("bgsvc.test.boot").toInt()
        val all = services.fold(0) { bits, info -> bits or info.foregroundServiceType }
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.VANILLA_ICE_CREAM) {
            assertEquals("the facts", ForegroundServiceRules.typesAllowedAtBoot() and all, allowed)
        }
        for (info in services) {
            val boot = Intent().putExtra("dev.bgsvc.extra.REASON", "boot")
            val refusal = ForegroundServiceRules.bootRefusal(info.foregroundServiceType)
            if (refusal != null) {
                assertRefused(info, refusal, boot, "")
            } else {
                ServiceDriver(classOf(info)).use {
                    it.command(boot)
                    assertEquals("boot", it.await("started").data.getString("reason"))
                }
            }
        }
    }

    @Test
    fun `a start that Android ignores in a restricted app is an error with a fix`() {
        val manager = app.getSystemService(android.app.ActivityManager::class.java)
        shadowOf(manager).setBackgroundRestricted(true)
        ServiceDriver(ButtonsService::class.java).use {
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
        ServiceDriver(classOf(info)).use {
            it.shadow.setThrowInStartForeground(refusal)
            it.command(intent)
            val error = it.await("error").data

            assertEquals("platform ${refusal.message}", "${error.getString("code")} ${error.getString("message")}")
            assertTrue("$error", fix in error.getString("fix"))
            assertTrue(it.shadow.isStoppedBySelf)
            it.advance(1)
            assertEquals(listOf("error"), it.names())
        }
    }

    private fun classOf(info: ServiceInfo) = Class.forName(info.name).asSubclass(ForegroundService::class.java)

    private fun nameOf(info: ServiceInfo) = info.metaData?.getString("dev.bgsvc.name").orEmpty()

    @Suppress("DEPRECATION") // The type PackageInfoFlags came with API 33.
    private fun declared(): List<ServiceInfo> =
        app.packageManager
            .getPackageInfo(app.packageName, PackageManager.GET_SERVICES or PackageManager.GET_META_DATA)
            .services
            .orEmpty()
            .toList()
}
