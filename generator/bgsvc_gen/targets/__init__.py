"""The platforms the generator knows. A new one is a module here and a line below."""

from typing import Final

from bgsvc_gen.targets import android, ios, linux, macos, windows
from bgsvc_gen.targets.base import Target

TARGETS: Final[tuple[Target, ...]] = (android, ios, linux, macos, windows)
