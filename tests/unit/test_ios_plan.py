import json

from bgsvc_gen.spec.model import App, Continued, Ios, Label, Processing, Refresh, Service, Spec
from bgsvc_gen.targets import ios
from bgsvc_gen.targets.ios import IosPlan


def service(name: str, **tasks: Refresh | Processing) -> Service:
    refresh, processing = tasks.get("refresh"), tasks.get("processing")
    assert refresh is None or isinstance(refresh, Refresh)
    assert processing is None or isinstance(processing, Processing)
    return Service(name, "notes.sync:Sync", Label("Sync"), ios=Ios(refresh, processing))


def plan(*services: Service) -> IosPlan:
    return ios.plan(Spec(App("com.example.notes", "Notes"), services, allow=("get-service-state",)))


def test_service_without_a_task_is_not_on_ios() -> None:
    assert plan(service("a")).outputs() == ()
    assert [s.name for s in plan(service("a"), service("b", refresh=Refresh())).services] == ["b"]


def test_all_refreshes_share_one_task() -> None:
    ios_plan = plan(
        service("price-watch", refresh=Refresh(900.0)), service("b", refresh=Refresh(3600.0))
    )

    assert ios_plan.identifiers == ("com.example.notes.bg-refresh",)
    assert [(run.member, run.earliest) for run in ios_plan.refreshes] == [
        ("priceWatch", 900.0),
        ("b", 3600.0),
    ]


def test_processing_task_has_its_own_identifier_and_conditions() -> None:
    ios_plan = plan(
        service("a", processing=Processing(network=True)),
        service("b", processing=Processing(power=True)),
    )

    assert ios_plan.identifiers == (
        "com.example.notes.a.bg-processing",
        "com.example.notes.b.bg-processing",
    )
    assert [(task.network, task.power) for task in ios_plan.processing] == [
        (True, False),
        (False, True),
    ]


def test_only_used_background_modes_are_declared() -> None:
    assert plan(service("a", refresh=Refresh())).background_modes == ("fetch",)
    assert plan(service("a", processing=Processing())).background_modes == ("processing",)


def test_service_named_refresh_has_its_own_identifier() -> None:
    ios_plan = plan(service("refresh", refresh=Refresh(), processing=Processing()))

    assert len(set(ios_plan.identifiers)) == 2


def test_runtime_config_has_the_values_of_the_spec() -> None:
    (constant,) = plan(service("a", refresh=Refresh())).services

    config = json.loads(constant.config)
    assert (config["name"], config["entry"], config["allow"]) == (
        "a",
        "notes.sync:Sync",
        ["get-service-state"],
    )


def ios_service(name: str, ios: Ios) -> Service:
    return Service(name, "notes.sync:Sync", Label("Sync"), ios=ios)


def test_continued_task_is_permitted_by_wildcard_and_registered_by_name() -> None:
    ios_plan = plan(ios_service("up_load", Ios(continued=Continued())))

    assert ios_plan.identifiers == ("com.example.notes.up-load.*",)
    assert [task.identifier for task in ios_plan.continued] == [
        "com.example.notes.up-load.continued"
    ]
    assert ios_plan.background_modes == ()


def test_continued_task_title_defaults_to_the_label() -> None:
    named = Continued(title="Uploading", subtitle="Photos", strategy="fail")
    ios_plan = plan(
        ios_service("a", Ios(continued=Continued())), ios_service("b", Ios(continued=named))
    )

    assert [(task.title, task.subtitle, task.may_queue) for task in ios_plan.continued] == [
        ("Sync", "", True),
        ("Uploading", "Photos", False),
    ]


def test_processing_task_can_have_a_custom_identifier() -> None:
    ios_plan = plan(
        ios_service("a", Ios(processing=Processing(identifier="com.example.notes.mine")))
    )

    assert ios_plan.identifiers == ("com.example.notes.mine",)


def test_entitlement_is_declared_only_if_a_task_needs_it() -> None:
    plain = plan(ios_service("a", Ios(processing=Processing(), continued=Continued())))
    special = plan(
        ios_service("a", Ios(processing=Processing(health_research=True))),
        ios_service("b", Ios(continued=Continued(gpu=True))),
    )

    assert plain.entitlements == ()
    assert special.entitlements == (
        "com.apple.developer.background-tasks.continued-processing.gpu",
        "com.apple.developer.backgroundtasks.healthresearch",
    )
    assert "Bgsvc.entitlements" in {output.path.name for output in special.outputs()}


def test_foreground_service_on_ios_needs_no_task() -> None:
    ios_plan = plan(ios_service("a", Ios(foreground=True)))

    assert [service.name for service in ios_plan.services] == ["a"]
    assert (ios_plan.identifiers, ios_plan.background_modes) == ((), ())
