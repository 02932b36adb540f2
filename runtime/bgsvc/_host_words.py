"""The words about hosts and platforms, apart because few services ever load them."""

from bgsvc._words import Word


class NativeState(Word):
    """What the host's side of a service is doing, as far as the host has said."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    TIMEOUT = "timeout"
    EXPIRED = "expired"


class AppState(Word):
    """Whether the user has the app in front."""

    ACTIVE = "active"
    BACKGROUND = "background"


class Guarantee(Word):
    """How far a platform's promise goes."""

    GUARANTEED = "guaranteed"
    BEST_EFFORT = "bestEffort"
    UNSUPPORTED = "unsupported"
