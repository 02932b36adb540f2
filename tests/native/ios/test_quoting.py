"""The compiled Swift and the property lists return every text unchanged."""

import plistlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bgsvc_gen.render import environment
from bgsvc_gen.resources import templates_root
from bgsvc_gen.spec.model import App, Spec
from bgsvc_gen.targets import ios
from bgsvc_gen.targets.ios import ContinuedTask, IosPlan, ProcessingTask, Run, ServiceConstant
from tests.native.ios.scenarios import HERE
from tests.native.ios.swift import Swift

pytestmark = pytest.mark.native

HOSTILE: Final = (
    '"',
    "\\(1 + 1)",
    '"""',
    '#"\\#(x)"#',
    "\\u{41}",
    "\r\n\t\0\x7f",
    "né 🐍 \u202e\u2028\ufeff",
    "<&>'\"]]>",
)
NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML 1.0 cannot carry, even as a reference (2.2, Char)."""

TEXTS: Final = st.lists(
    st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30)), min_size=60, max_size=60
)


def plan_of(texts: Sequence[str]) -> IosPlan:
    """Return a plan with the texts at every place that takes one."""
    feed = iter(texts)
    empty = ios.plan(Spec(App("a.b", "B"), (), ()))
    run = Run("s0", 1.0)
    return replace(
        empty,
        app_id=next(feed),
        services=tuple(
            ServiceConstant(f"s{n}", next(feed), next(feed), next(feed)) for n in range(10)
        ),
        processing=tuple(
            ProcessingTask(next(feed), run, network=True, power=False, health_research=False)
            for _ in range(8)
        ),
        continued=tuple(
            ContinuedTask(next(feed), run, next(feed), next(feed), may_queue=True, gpu=False)
            for _ in range(7)
        ),
    )


def texts_in(plan: IosPlan) -> list[str]:
    texts = [plan.app_id]
    for service in plan.services:
        texts += [service.name, service.label, service.config]
    texts += [task.identifier for task in plan.processing]
    for task in plan.continued:
        texts += [task.identifier, task.title, task.subtitle]
    return texts


def render_template(template: str, plan: IosPlan) -> str:
    return environment().get_template(f"ios/{template}").render(plan=plan)


@given(texts=TEXTS)
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_compiled_swift_returns_every_text_unchanged(
    swift: Swift, tmp_path: Path, texts: list[str]
) -> None:
    plan = plan_of([*HOSTILE, *texts])
    source = tmp_path / "BgsvcServices.swift"
    source.write_text(render_template("BgsvcServices.swift.j2", plan), encoding="utf-8", newline="")
    program = tmp_path / "quoting"
    types = templates_root() / "ios/support/BgsvcService.swift"

    sources = (source, types, HERE / "quoting/main.swift")
    diagnostics = swift.compile("-Onone", *swift.cache, *sources, "-o", program, made=[program])
    run = swift.run(program)

    assert diagnostics == ""
    assert [bytes.fromhex(line).decode() for line in run.stdout.split()] == [
        text for text in texts_in(plan) if text
    ]


@given(texts=st.lists(st.text(), max_size=8))
def test_property_list_returns_every_text_unchanged_or_refuses_it(texts: list[str]) -> None:
    values = (*HOSTILE[:5], *texts)
    plan = replace(
        plan_of(["x"] * 60), identifiers=values, background_modes=values, entitlements=values
    )
    try:
        contents = [
            render_template(name, plan) for name in ("Info.plist.j2", "entitlements.plist.j2")
        ]
    except ValueError:
        assert any(NO_XML.search(text) for text in texts)
        return

    info, entitlements = (plistlib.loads(each.encode(), fmt=plistlib.FMT_XML) for each in contents)

    assert info == {
        "BGTaskSchedulerPermittedIdentifiers": list(values),
        "UIBackgroundModes": list(values),
    }
    assert entitlements == dict.fromkeys(values, True)
