"""A user-visible text, in one language or several."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Label:
    """A user-visible text, in one language or several.

    Attributes:
        default: What is shown where no translation fits: the English text, or the first one.
        translations: Language tag → text, the default's included; empty for a plain string.
    """

    default: str
    translations: Mapping[str, str] = field(default_factory=dict[str, str])
