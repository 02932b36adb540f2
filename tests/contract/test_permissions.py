"""What a spec that says nothing allows: the generator writes it, the runtime falls back to it."""

from bgsvc._daemon.ipc_requests import DEFAULT_ALLOW  # noqa: TID251 - what both halves say is compared
from bgsvc_gen.spec import permissions


def test_both_sides_allow_the_same_to_who_asks_for_nothing() -> None:
    assert permissions.DEFAULT_ALLOW == DEFAULT_ALLOW
