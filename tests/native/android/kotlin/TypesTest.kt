package dev.bgsvc.tests

import android.app.ForegroundServiceStartNotAllowedException
import android.app.MissingForegroundServiceTypeException
import android.app.Service
import android.content.Intent
import android.content.pm.PackageManager
import android.content.pm.ServiceInfo
import dev.bgsvc.Bgsvc
import dev.bgsvc.ForegroundService
import org.example.heartbeat.bgsvc.ButtonsService
import org.example.heartbeat.bgsvc.HeartbeatService
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadows.ShadowService

/** A service of each type, and what becomes of one that Android refuses. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [36])
class TypesTest {
    private val app = RuntimeEnvironment.getApplication()

    @Test
    fun `a service of each type runs in the foreground of its type, and stops`() {
        val services =
            declared().filter {
                it.metaData
                    ?.getString("dev.bgsvc.name")
                    .orEmpty()
                    .startsWith("of")
            }
        val types = services.map { it.foregroundServiceType }.toSet()
        assertEquals(15, services.size)
        assertEquals(15, types.size)
        for (info in services) {
            val type = Class.forName(info.name).asSubclass(ForegroundService::class.java)
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
    fun `each of Android's refusals is an error that says what to do`() {
        val refusals =
            mapOf(
                ForegroundServiceStartNotAllowedException("from the background") to "while the user sees the app",
                MissingForegroundServiceTypeException("without a type") to "merge the generated manifest",
                SecurityException("without a permission") to "ask the user for the permission",
                IllegalArgumentException("not a subset") to "",
            )
        for ((refusal, fix) in refusals) {
            Driven(HeartbeatService::class.java).use {
                it.shadow.setThrowInStartForeground(refusal)
                it.command()
                val error = it.await("error").data

                assertEquals("platform ${refusal.message}", "${error.getString("code")} ${error.getString("message")}")
                assertTrue("$error", fix in error.getString("fix"))
                assertTrue(it.shadow.isStoppedBySelf)
            }
        }
    }

    @Test
    fun `a type that may not start with the device is refused, and not the end of the app`() {
        Driven(HeartbeatService::class.java).use {
            val message = "FGS type dataSync not allowed to start from BOOT_COMPLETED!"
            it.shadow.setThrowInStartForeground(ForegroundServiceStartNotAllowedException(message))
            it.command(Intent().putExtra("dev.bgsvc.extra.REASON", "boot"))

            assertEquals(message, it.await("error").data.getString("message"))
            it.pass(1)
            assertEquals(listOf("error"), it.names())
        }
    }

    @Test
    @Config(sdk = [36], shadows = [Restricted::class])
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

    /** Android with the app restricted and in the background: it says nothing, and does nothing. */
    @Implements(Service::class)
    class Restricted : ShadowService() {
        @Implementation
        override fun getForegroundServiceType(): Int = 0
    }

    @Suppress("DEPRECATION") // The flags' own type came with API 33.
    private fun declared(): List<ServiceInfo> =
        app.packageManager
            .getPackageInfo(app.packageName, PackageManager.GET_SERVICES or PackageManager.GET_META_DATA)
            .services
            .orEmpty()
            .toList()
}
