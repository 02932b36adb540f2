from pathlib import Path

import pytest

import bgsvc
from bgsvc import ServiceState, StartReason, StopReason
from bgsvc._errors import AlreadyRunningError, IpcError, NotAllowedError
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
