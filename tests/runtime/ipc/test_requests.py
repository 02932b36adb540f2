import contextlib
from pathlib import Path

import pytest

import bgsvc
from bgsvc import ServiceState, StartReason, StopReason
from bgsvc._app.capabilities import capabilities_of
from bgsvc._desktop.host import LocalHost
from bgsvc._ipc.connection import PeerConnection
from bgsvc._model.errors import AlreadyRunningError, IpcError, NotAllowedError
from tests.runtime.processes import hosted


def test_a_client_learns_the_state_of_a_service_in_another_process(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        with bgsvc.connect("sync", data_dir=tmp_path) as service:
            state = service.state()

    assert (state.service, state.state, state.run) == ("sync", ServiceState.RUNNING, 1)
    assert (state.start_reason, state.desired_running) == (StartReason.USER, True)


def test_an_error_keeps_its_class_its_code_and_its_fix_over_the_hop(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        with (
            bgsvc.connect("sync", data_dir=tmp_path) as service,
            pytest.raises(AlreadyRunningError) as caught,
        ):
            service.start()

    assert (caught.value.code, caught.value.fix) == (
        "alreadyRunning",
        AlreadyRunningError.default_fix,
    )


def test_what_the_spec_does_not_allow_is_refused_by_its_name(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        with (
            bgsvc.connect("sync", data_dir=tmp_path) as service,
            pytest.raises(NotAllowedError, match="enable-auto-restart") as caught,
        ):
            service.enable_auto_restart()

    assert caught.value.code == "permissionDenied"


def test_a_stop_is_answered_when_the_run_is_over_and_before_the_process_is(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        with bgsvc.connect("sync", data_dir=tmp_path) as service:
            state = service.stop()
        status = told.process.wait()

    assert (state.state, state.stop_reason) == (ServiceState.STOPPED, StopReason.USER_STOP)
    assert (state.desired_running, status) == (False, 0)


def test_a_client_is_told_at_once_when_nobody_is_there(tmp_path: Path) -> None:
    with pytest.raises(IpcError, match="nobody answers") as caught:
        bgsvc.connect("sync", data_dir=tmp_path, timeout=3600)

    assert caught.value.fix == "start the service"


def test_an_answer_that_nobody_waited_for_is_not_taken_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        with bgsvc.connect("sync", data_dir=tmp_path) as service:
            monkeypatch.setattr(PeerConnection, "read", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                service.is_running()  # its answer comes all the same
            monkeypatch.undo()
            state = service.state()

    assert (state.service, state.state) == ("sync", ServiceState.RUNNING)


def test_a_client_learns_what_the_platform_promises_and_whether_all_is_set_up(
    tmp_path: Path,
) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        with bgsvc.connect("sync", data_dir=tmp_path) as service:
            promised, report = service.capabilities(), service.validate()

    assert promised == capabilities_of(LocalHost(mode="desktopProcess"))
    assert (report.ok, report.issues) == (True, ())


@pytest.mark.parametrize("data", [float("nan"), {"deep": float("inf")}, "\ud800", b"bytes", {1: 2}])
def test_odd_messages_reach_the_service_as_what_json_can_carry_or_are_refused(
    tmp_path: Path, data: object
) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        with bgsvc.connect("sync", data_dir=tmp_path) as service:
            with contextlib.suppress(bgsvc.BackgroundServiceError):
                service.send(data)
            assert service.is_running()


def _interrupted(link: PeerConnection) -> object:
    del link
    raise KeyboardInterrupt
