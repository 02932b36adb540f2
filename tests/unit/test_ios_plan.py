import json

from bgsvc_gen.spec.model import App, Ios, Label, Processing, Refresh, Service, Spec
from bgsvc_gen.targets import ios
from bgsvc_gen.targets.ios import IosPlan


def service(name: str, **tasks: Refresh | Processing) -> Service:
    refresh, processing = tasks.get("refresh"), tasks.get("processing")
    assert refresh is None or isinstance(refresh, Refresh)
    assert processing is None or isinstance(processing, Processing)
    return Service(name, "notes.sync:Sync", Label("Sync"), ios=Ios(refresh, processing))


def plan(*services: Service) -> IosPlan:
    return ios.plan(Spec(App("com.example.notes", "Notes"), services, allow=("get-service-state",)))


def test_a_service_without_a_task_is_not_on_ios() -> None:
    assert plan(service("a")).outputs() == ()
    assert [s.name for s in plan(service("a"), service("b", refresh=Refresh())).services] == ["b"]


def test_all_refreshes_share_one_task_for_ios_keeps_no_second_one_pending() -> None:
    found = plan(
        service("price-watch", refresh=Refresh(900.0)), service("b", refresh=Refresh(3600.0))
    )

    assert found.identifiers == ("com.example.notes.bgsvc.refresh",)
    assert [(run.member, run.earliest) for run in found.refreshes] == [
        ("priceWatch", 900.0),
        ("b", 3600.0),
    ]


def test_each_processing_task_has_an_identifier_and_conditions_of_its_own() -> None:
    found = plan(
        service("a", processing=Processing(network=True)),
        service("b", processing=Processing(power=True)),
    )

    assert found.identifiers == (
        "com.example.notes.bgsvc.a.processing",
        "com.example.notes.bgsvc.b.processing",
    )
    assert [(task.network, task.power) for task in found.processing] == [
        (True, False),
        (False, True),
    ]


def test_only_the_background_modes_in_use_are_asked_for() -> None:
    assert plan(service("a", refresh=Refresh())).background_modes == ("fetch",)
    assert plan(service("a", processing=Processing())).background_modes == ("processing",)


def test_a_service_called_refresh_has_an_identifier_of_its_own() -> None:
    found = plan(service("refresh", refresh=Refresh(), processing=Processing()))

    assert len(set(found.identifiers)) == 2


def test_the_runtime_is_told_what_the_spec_says() -> None:
    (constant,) = plan(service("a", refresh=Refresh())).services

    config = json.loads(constant.config)
    assert (config["name"], config["entry"], config["allow"]) == (
        "a",
        "notes.sync:Sync",
        ["get-service-state"],
    )
