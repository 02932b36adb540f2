package dev.bgsvc

/**
 * All that the spec decides about a service; a generated class fills it in.
 *
 * @property name the service's name in the spec.
 * @property config the bridge's service configuration, handed to Python unread.
 * @property foregroundServiceTypes its `ServiceInfo.FOREGROUND_SERVICE_TYPE_*` bits.
 * @property foregroundServiceTypeName the same as the manifest spells it.
 * @property sticky whether Android shall bring the service back after it killed the process.
 * @property label the string resource that users see; it is the notification's id as well, since
 *   nothing else in the app can have that number.
 * @property icon the drawable resource of its notifications.
 * @property stopTimeoutMillis how long Python may take to end a run.
 */
class ServiceDefinition(
    val name: String,
    val config: String,
    val foregroundServiceTypes: List<Int>,
    val foregroundServiceTypeName: String,
    val sticky: Boolean,
    val label: Int,
    val icon: Int,
    val stopTimeoutMillis: Long,
)
