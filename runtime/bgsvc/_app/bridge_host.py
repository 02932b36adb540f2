"""The host on the other side of the bridge: an Android or iOS app."""

from __future__ import annotations

import threading
from collections import deque

from bgsvc._app.current import use
from bgsvc._engine.ports import real_ports
from bgsvc._engine.runtime import Runtime
from bgsvc._events.bus import Bus
from bgsvc._lite.dataclasses import replace
from bgsvc._lite.json import compact
from bgsvc._model import PROTOCOL_VERSION
from bgsvc._model.enums import NativeState
from bgsvc._ports.host import Host
from bgsvc._storage.folders import default_data_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bgsvc._model.event import Event
    from bgsvc._ports.host import NotificationReply

_DEFAULT_MODES = {"android": "androidForegroundService", "ios": "iosRefresh"}


class BridgeHost(Host):
    """Sends the runtime's calls to its host as messages."""

    def __init__(self) -> None:
        self.app = "app"
        self._send: Callable[[str], object] | None = None
        self._outgoing: deque[dict[str, object]] = deque()
        self._queue_lock = threading.Lock()  # never held while the host's function runs
        self._is_sending = False
        self._native: dict[str, NativeState] = {}
        self._runtime: Runtime | None = None
        self._data_dir: str | None = None
        self._language: str | None = None

    @property
    def runtime(self) -> Runtime:
        """The runtime of this host, made on first use: `hello` names its folder."""
        if self._runtime is None:
            bus = Bus()
            bus.subscribe(self._post_event)
            folder = self._data_dir or default_data_dir(self.app)
            ports = real_ports(self, bus, folder)
            if self._language is not None:
                ports = replace(ports, language=self._language)
            self._runtime = Runtime(ports)
            use(self._runtime)
        return self._runtime

    def attach(self, send: Callable[[str], object]) -> None:
        """Carry messages through `send` from now on."""
        self._send = send

    def greet(self, hello: Mapping[str, object]) -> None:
        """Apply the host's `hello`: what it is, and where files go."""
        self.platform = str(hello.get("platform", self.platform))
        self.mode = str(hello.get("mode") or _DEFAULT_MODES.get(self.platform, self.mode))
        self.app = str(hello.get("app", self.app))
        api_level, target_sdk = hello.get("apiLevel"), hello.get("targetSdk")
        self.api_level = api_level if isinstance(api_level, int) else None
        self.target_sdk = target_sdk if isinstance(target_sdk, int) else None
        language = hello.get("language")
        self._language = language if isinstance(language, str) and language else None
        data_dir = hello.get("dataDir")
        if isinstance(data_dir, str) and data_dir:
            self._data_dir = data_dir

    def notify(self, message: Mapping[str, object], reply: NotificationReply) -> None:
        """Send `notification`; the host answers a button with `action`."""
        del reply
        self._post("notification", message)

    def finite_task(self, op: str, task: str, name: str) -> None:
        """Send `finiteTask`."""
        self._post("finiteTask", {"op": op, "task": task, "name": name})

    def desired_state(self, service: str, *, running: bool) -> None:
        """Send `desiredState`, so that the host's copy agrees."""
        self._post("desiredState", {"service": service, "running": running})

    def native_state(self, service: str) -> NativeState | None:
        """Return the state that follows from the host's messages."""
        return self._native.get(service, NativeState.IDLE)

    def set_native_state(self, service: str, state: NativeState) -> None:
        """Note what the host's side of a service is doing."""
        self._native[service] = state

    def _post_event(self, event: Event) -> None:
        if event.event == "stopped":
            self._native[event.service] = NativeState.IDLE
        self._post("event", event.to_wire())

    def _post(self, kind: str, fields: Mapping[str, object]) -> None:
        """Queue a message, and send all that are queued unless another call does.

        So the host may call `receive` from inside `send`, in the same thread. It must not wait
        there for another thread that does: this one may hold a service's lock.
        """
        if self._send is None:
            return
        with self._queue_lock:
            self._outgoing.append({"v": PROTOCOL_VERSION, "type": kind, **fields})
            if self._is_sending:
                return
            self._is_sending = True
        while (message := self._next_message()) is not None:
            self._send_message(message)

    def _next_message(self) -> dict[str, object] | None:
        with self._queue_lock:
            if self._outgoing:
                return self._outgoing.popleft()
            self._is_sending = False
            return None

    def _send_message(self, message: Mapping[str, object]) -> None:
        try:
            if self._send is not None:
                self._send(compact(message))
        except BaseException:  # the messages behind it are still to be sent
            import logging

            logging.getLogger("bgsvc").exception("the host did not accept a message")
