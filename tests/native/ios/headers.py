"""Rebuild the header of BackgroundTasks; Swift's own importer derives the calls from it.

Selectors, types and values are those of `crates`; availability, and what is a property, of `apple`.
"""

import re
from collections.abc import Iterator
from typing import Final

from tests.native.ios.apple import Class, Declarations
from tests.native.ios.crates import Crate, Interface, Method, join_selector, split

SWIFT_NAMES: Final = {
    # The SDK's API notes have these names, but no registry has the notes; these are from Apple's
    # pages.
    "registerForTaskWithIdentifier:usingQueue:launchHandler:": (
        "register(forTaskWithIdentifier:using:launchHandler:)"
    ),
    "submitTaskRequest:error:": "submit(_:)",
    "cancelTaskRequestWithIdentifier:": "cancel(taskRequestWithIdentifier:)",
    "setTaskCompletedWithSuccess:": "setTaskCompleted(success:)",
    "sharedScheduler": "shared",
    "BGTaskSchedulerErrorCode": "BGTaskScheduler.Error",
    "BGContinuedProcessingTaskRequestResources": "BGContinuedProcessingTaskRequest.Resources",
    "BGContinuedProcessingTaskRequestResourcesGPU": "gpu",
    "BGContinuedProcessingTaskRequestSubmissionStrategy": (
        "BGContinuedProcessingTaskRequest.SubmissionStrategy"
    ),
}
SCALARS: Final = {"bool": "BOOL", "NSInteger": "NSInteger", "NSUInteger": "NSUInteger", "": "void"}
OBJECTS: Final = {
    "NSString": "NSString *",
    "NSDate": "NSDate *",
    "NSError": "NSError *",
    "NSProgress": "NSProgress *",
    "NSFileProtectionType": "NSFileProtectionType",
    "DispatchQueue": "dispatch_queue_t",
    "Self": "instancetype",
}
WRAPPERS: Final = (
    (r"Option<(.*)>", "_Nullable"),
    (r"\*mut (.*)", "_Nullable"),
    (r"(?:Retained|NonNull)<(.*)>", None),
    (r"&(.*)", None),
)
"""The wrappers of a type, and the nullability that each implies."""

PROTOCOLS: Final = ("NSCopying", "NSProgressReporting")
OPTIONS: Final = ("BGContinuedProcessingTaskRequestResources",)
"""Enumerations that are option sets."""


def background_tasks(types: Declarations, crate: Crate) -> str:
    """Return the header of BackgroundTasks."""
    lines = [
        "#include <Foundation.h>",
        "typedef NSString *NSFileProtectionType;",
        "extern NSErrorDomain const _Nonnull BGTaskSchedulerErrorDomain;",
        *(f"@class {name};" for name in crate.classes),
    ]
    for name, cases in crate.enums.items():
        lines += _enum(name, cases)
    done: set[str] = set()
    left = dict(crate.classes)
    while left:
        name = next(name for name, known in left.items() if known.parent in {"NSObject", *done})
        lines += _interface(name, left.pop(name), types.classes[name], crate)
        done.add(name)
    return "\n".join([*lines, ""])


def _enum(name: str, cases: dict[str, int]) -> Iterator[str]:
    marks = "enum_extensibility(open)"
    if name in OPTIONS:
        marks += ", flag_enum"
    if name.endswith("ErrorCode"):
        marks += ", ns_error_domain(BGTaskSchedulerErrorDomain)"
    marks += f', swift_name("{SWIFT_NAMES[name]}")'
    yield f"typedef enum __attribute__(({marks})) {name} : NSInteger {name};"
    yield f"enum __attribute__(({marks})) {name} : NSInteger {{"
    for case, value in cases.items():
        yield f"  {name}{case}{_named(name + case)} = {value},"
    yield "};"


def _interface(name: str, known: Interface, dated: Class, crate: Crate) -> Iterator[str]:
    protocols = ", ".join(protocol for protocol in PROTOCOLS if protocol in known.protocols)
    conforms = f" <{protocols}>" if protocols else ""
    yield f"{_since(dated.since)}@interface {name} : {known.parent}{conforms}"
    for selector, method in known.methods.items():
        member = join_selector(selector)
        since = _since(dated.members.get(member, ""))
        if selector in {"init", "new"}:
            yield f"{'-+'[method.is_static]} (instancetype _Nonnull){selector} {UNAVAILABLE};"
        elif member in dated.properties:
            yield _property(selector, method, known, crate) + f" {since};"
        elif not _is_setter(selector, dated):
            yield _method(selector, method, crate) + f"{_named(selector)} {since};"
    yield "@end"


UNAVAILABLE: Final = "__attribute__((unavailable))"


def _is_setter(selector: str, dated: Class) -> bool:
    setter = re.fullmatch(r"set([A-Z])(\w*):", selector)
    return setter is not None and setter[1].lower() + setter[2] in dated.properties


def _property(selector: str, method: Method, known: Interface, crate: Crate) -> str:
    setter = f"set{selector[0].upper()}{selector[1:]}:"
    words = ["class"] if method.is_static else []
    words += [] if setter in known.methods else ["readonly"]
    kind = objective_c(method.result, crate)
    # The name of a block is inside its type.
    declared = re.sub(r"\(\^ (\w+)\)", rf"(^ \1 {selector})", kind, count=1)
    declared += "" if "(^" in kind else f" {selector}"
    return f"@property({', '.join(words)}) {declared}{_named(selector)}"


def _method(selector: str, method: Method, crate: Crate) -> str:
    kinds = [objective_c(kind, crate) for _, kind in method.parameters]
    if method.throws:
        kinds.append("NSError *_Nullable *_Nullable")
    result = "BOOL" if method.throws else objective_c(method.result, crate)
    pairs = zip(selector.split(":")[:-1], kinds, strict=True)
    parts = [f"{name}:({kind})a{number}" for number, (name, kind) in enumerate(pairs)]
    text = " ".join(parts) if parts else selector
    return f"{'-+'[method.is_static]} ({result}){text}"


def objective_c(kind: str, crate: Crate, null: str = "_Nonnull") -> str:
    """Convert a type of the crates to one of Objective-C.

    Raises:
        ValueError: The type is unknown.
    """
    for pattern, marked in WRAPPERS:
        if match := re.fullmatch(pattern, kind):
            return objective_c(match[1], crate, marked or null)
    if kind in SCALARS or kind in crate.enums:
        return SCALARS.get(kind, kind)
    if match := re.fullmatch(r"block2::DynBlock<dyn Fn\((.*)\)>", kind):
        arguments = ", ".join(objective_c(each, crate) for each in split(match[1])) or "void"
        return f"void (^ {null})({arguments})"
    if match := re.fullmatch(r"NSArray<(.*)>", kind):
        return f"NSArray<{match[1]} *> *{null}"
    if kind in OBJECTS or kind in crate.classes:
        return f"{OBJECTS.get(kind, f'{kind} *')} {null}"
    raise ValueError(kind)


def _since(version: str) -> str:
    return f"__attribute__((availability(ios, introduced={version}))) " if version else ""


def _named(name: str) -> str:
    known = SWIFT_NAMES.get(name)
    return f' __attribute__((swift_name("{known}")))' if known else ""
