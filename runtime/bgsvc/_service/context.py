"""What a service sees of the world while it runs."""

from __future__ import annotations

from bgsvc._model.config import require_callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bgsvc._model.enums import StartReason
    from bgsvc._ports.clock import Clock
    from bgsvc._service.notifier import Notifier
    from bgsvc._service.shutdown import ShutdownToken


class Mailbox:
    """Where an app's messages to one run arrive."""

    def __init__(self) -> None:
        self._callbacks: tuple[Callable[[object], object], ...] = ()

    def listen(self, callback: Callable[[object], object]) -> Callable[[], None]:
        """Call `callback` with every message; return a function that ends it."""
        self._callbacks = (*self._callbacks, callback)

        def forget() -> None:
            self._callbacks = tuple(one for one in self._callbacks if one is not callback)

        return forget

    def deliver(self, data: object) -> None:
        """Hand a message to all who listen."""
        for callback in self._callbacks:
            try:
                callback(data)
            except BaseException:  # the sender's thread is not the service's to end
                import logging

                logging.getLogger("bgsvc").exception("a message callback failed")


class ServiceContext:
    """One run's view of its host; valid while the run lasts.

    Attributes:
        service_name: The service's name in the spec.
        service_label: What the user sees, in the user's language.
        run: The number of this run, counted over the life of the installation.
        start_reason: Who asked for this run.
        foreground_service_type: The Android type it runs under, else None.
        shutdown: Set when the run is to end.
        clock: The time this run lives by.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each thing a run is given
        self,
        *,
        service_name: str,
        service_label: str,
        run: int,
        start_reason: StartReason,
        foreground_service_type: str | None,
        shutdown: ShutdownToken,
        notifier: Callable[[], Notifier],
        clock: Clock,
        data_dir: str,
        mailbox: Mailbox,
        emit: Callable[[str, Mapping[str, object]], None],
        deadline: Callable[[], float | None],
    ) -> None:
        self.service_name = service_name
        self.service_label = service_label
        self.run = run
        self.start_reason = start_reason
        self.foreground_service_type = foreground_service_type
        self.shutdown = shutdown
        self._notifier = notifier
        self.clock = clock
        self._data_dir = data_dir
        self._mailbox = mailbox
        self._emit = emit
        self._deadline = deadline

    @property
    def notifier(self) -> Notifier:
        """Shows notifications."""
        return self._notifier()

    @property
    def data_dir(self) -> Path:
        """A folder of this service's own, made on first use."""
        from pathlib import Path

        path = Path(self._data_dir)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def credential(self, name: str) -> bytes | None:
        """Return a secret that the service manager hands over; None if it has none so named.

        Under systemd these are the spec's `credentials`; they are in no environment and no file
        that another service could read.
        """
        import os

        folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
        if not folder or os.path.basename(name) != name or name in {"", ".", ".."}:
            return None
        try:
            with open(os.path.join(folder, name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def emit(self, event: str, data: Mapping[str, object] | None = None) -> None:
        """Tell every listener something. Never blocks.

        What JSON cannot carry reaches other processes as its `repr`.
        What is in `data` now is what listeners get, whatever is done with it later.

        Raises:
            ConfigError: If `event` is no text, empty or one of the runtime's own names, or `data`
                is no mapping; then nothing is said.
        """
        self._emit(event, {} if data is None else data)

    def on_message(self, callback: Callable[[object], object]) -> Callable[[], None]:
        """Call `callback` with whatever the app sends to this service; it must be quick.

        It runs in the sender's thread. Returns a function that takes the callback back.
        """
        return self._mailbox.listen(require_callable(callback))

    async def sleep(self, seconds: float | None = None) -> bool:
        """Pause an `async` run: True after `seconds`, False at once when it is to stop.

        Without `seconds` it waits for the stop.
        """
        import asyncio

        if self.shutdown.is_set():
            return False
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()

        def end(value: bool) -> None:  # noqa: FBT001 - a future's value
            if not done.done():
                done.set_result(value)

        timer = None if seconds is None else loop.call_later(max(0.0, seconds), end, True)  # noqa: FBT003
        forget = self.shutdown.wake(lambda: loop.call_soon_threadsafe(end, False))  # noqa: FBT003
        try:
            return await done
        finally:
            forget()
            if timer is not None:
                timer.cancel()

    @property
    def deadline(self) -> float | None:
        """When the platform ends this run, on the scale of `ctx.clock.uptime()`; None if never."""
        return self._deadline()

    def remaining(self) -> float | None:
        """Return the seconds until the deadline, never below zero; None if there is none."""
        deadline = self._deadline()
        return None if deadline is None else max(0.0, deadline - self.clock.uptime())
