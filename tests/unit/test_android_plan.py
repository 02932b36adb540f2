from pathlib import PurePosixPath

import pytest

from bgsvc_gen.facts.android import SERVICE_TYPES
from bgsvc_gen.render import render
from bgsvc_gen.spec.model import Android, App, Label, Notification, Service, Spec
from bgsvc_gen.targets import android
from bgsvc_gen.targets.android.resources import folder_of


def spec_of(*services: Service) -> Spec:
    return Spec(App("com.example.notes", "Notes"), services, allow=())


def service_of(*types: str, name: str = "sync", label: Label | None = None) -> Service:
    android_part = Android(types=types, special_use="why" if "specialUse" in types else None)
    return Service(name, "notes.sync:Sync", label or Label("Syncing"), android=android_part)


def paths(plan: android.AndroidPlan) -> set[str]:
    return {str(output.path) for output in plan.outputs()}


def test_service_without_a_type_is_not_on_android() -> None:
    plan = android.plan(spec_of(service_of(name="other"), service_of("dataSync")))

    assert [service.name for service in plan.services] == ["sync"]
    assert android.plan(spec_of(service_of())).outputs() == ()


def test_files_are_a_gradle_source_set() -> None:
    assert paths(android.plan(spec_of(service_of("dataSync")))) >= {
        "src/main/AndroidManifest.xml",
        "src/main/kotlin/com/example/notes/bgsvc/SyncService.kt",
        "src/main/kotlin/dev/bgsvc/ForegroundService.kt",
        "src/main/res/drawable/bgsvc_notification.xml",
        "src/main/res/values/bgsvc.xml",
    }


@pytest.mark.parametrize(
    ("host", "own", "foreign"),
    [
        ("chaquopy", "kotlin/dev/bgsvc/ChaquopyHost.kt", "cpp/bgsvc_python.c"),
        ("cpython", "cpp/bgsvc_python.c", "kotlin/dev/bgsvc/ChaquopyHost.kt"),
    ],
)
def test_host_adds_only_its_own_sources(host: str, own: str, foreign: str) -> None:
    part = Android(types=("dataSync",), host="cpython" if host == "cpython" else "chaquopy")
    service = Service("sync", "notes.sync:Sync", Label("Syncing"), android=part)
    outputs = paths(android.plan(spec_of(service)))

    assert f"src/main/{own}" in outputs
    assert f"src/main/{foreign}" not in outputs


def test_permission_is_declared_once_and_only_if_a_type_needs_it() -> None:
    both = spec_of(service_of("dataSync"), service_of("location", "dataSync", name="track"))

    assert android.plan(both).permissions == (
        "android.permission.FOREGROUND_SERVICE",
        "android.permission.POST_NOTIFICATIONS",
        "android.permission.FOREGROUND_SERVICE_DATA_SYNC",
        "android.permission.FOREGROUND_SERVICE_LOCATION",
        "android.permission.ACCESS_COARSE_LOCATION",
    )


@pytest.mark.parametrize("name", SERVICE_TYPES)
def test_service_has_its_type_as_constant_and_as_name(name: str) -> None:
    [service] = android.plan(spec_of(service_of(name))).services

    assert service.type_constants == (SERVICE_TYPES[name].constant,)
    assert service.types == name


def test_one_type_that_is_not_sticky_makes_the_service_not_sticky() -> None:
    [alone] = android.plan(spec_of(service_of("location"))).services
    [limited] = android.plan(spec_of(service_of("location", "dataSync"))).services

    assert (alone.sticky, limited.sticky) == ("true", "false")


def test_special_use_has_its_explanation() -> None:
    [service] = android.plan(spec_of(service_of("specialUse"))).services
    [other] = android.plan(spec_of(service_of("dataSync"))).services

    assert [(each.name, each.value) for each in service.properties] == [
        ("android.app.PROPERTY_SPECIAL_USE_FGS_SUBTYPE", "why")
    ]
    assert other.properties == ()


def test_each_language_has_its_strings() -> None:
    label = Label("Syncing", {"en": "Syncing", "de": "Abgleich"})
    plan = android.plan(spec_of(service_of("dataSync", label=label)))
    texts = {
        file.folder: [each.text for each in file.strings if each.name.endswith("_label")]
        for file in plan.strings
    }

    assert texts == {"values": ["Syncing"], "values-en": ["Syncing"], "values-de": ["Abgleich"]}


@pytest.mark.parametrize(
    ("language", "folder"),
    [
        ("de", "values-de"),
        ("fil", "values-fil"),
        ("pt-BR", "values-pt-rBR"),
        ("es-419", "values-b+es+419"),
        ("zh-Hant", "values-b+zh+Hant"),
        ("zh-Hant-TW", "values-b+zh+Hant+TW"),
    ],
)
def test_language_tag_becomes_a_resource_qualifier(language: str, folder: str) -> None:
    assert folder_of(language) == folder


def test_support_source_lies_in_the_folder_of_its_package() -> None:
    for output in android.plan(spec_of(service_of("dataSync"))).outputs():
        if output.path.suffix == ".kt" and not output.template.endswith(".j2"):
            assert output.path.parent == PurePosixPath("src/main/kotlin/dev/bgsvc")


def asking(part: Android, *, boot: bool = False) -> android.AndroidPlan:
    service = Service("sync", "notes.sync:Sync", Label("Syncing"), start_on_boot=boot, android=part)
    return android.plan(spec_of(service))


def render_text(plan: android.AndroidPlan) -> str:
    manifest, *_ = (file.content.decode() for file in render(plan) if file.path.suffix == ".xml")
    return manifest


def test_only_an_app_that_starts_at_boot_has_a_receiver_and_the_permission() -> None:
    with_it = asking(Android(types=("health",)), boot=True)
    without = asking(Android(types=("health",)))

    assert "android.permission.RECEIVE_BOOT_COMPLETED" in with_it.permissions
    assert "BootReceiver" in render_text(with_it)
    assert "android.permission.RECEIVE_BOOT_COMPLETED" not in without.permissions
    assert "<receiver" not in render_text(without)


def test_only_a_service_with_a_wake_lock_has_the_permission() -> None:
    name = "android.permission.WAKE_LOCK"

    assert name in asking(Android(types=("health",), wake_lock=True)).permissions
    assert name not in asking(Android(types=("health",))).permissions


def test_only_a_rescheduled_service_has_a_job() -> None:
    plans = [
        asking(Android(types=("dataSync",), on_timeout="reschedule")),
        asking(Android(types=("dataSync",), on_timeout="notify")),
        asking(Android(types=("health",), on_timeout="reschedule")),
    ]

    assert [plan.services[0].job_class for plan in plans] == ["SyncJob", None, None]
    assert ["SyncJob" in render_text(plan) for plan in plans] == [True, False, False]


def test_button_text_is_a_resource_in_each_language() -> None:
    notification = Notification(
        stop=Label("Stop", {"en": "Stop", "de": "Halt"}), actions={"pause": Label("Pause")}
    )
    plan = asking(Android(types=("health",), notification=notification))
    [service] = plan.services
    german = next(file for file in plan.strings if file.folder == "values-de")

    assert service.stop_resource == "bgsvc_sync_stop"
    assert [(each.id, each.resource) for each in service.actions] == [
        ("pause", "bgsvc_sync_action_pause")
    ]
    assert [(each.name, each.text) for each in german.strings] == [("bgsvc_sync_stop", "Halt")]
