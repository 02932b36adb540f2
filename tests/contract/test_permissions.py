"""The default permissions of the generator and of the runtime are the same."""

from bgsvc._daemon.ipc_requests import DEFAULT_ALLOW  # noqa: TID251 - what both halves say is compared
from bgsvc_gen.spec import permissions


def test_generator_and_runtime_have_the_same_default_permissions() -> None:
    assert permissions.DEFAULT_ALLOW == DEFAULT_ALLOW
