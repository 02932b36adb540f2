"""`bgsvc.lock`: hashes of the written files, to distinguish a hand edit from a changed spec."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bgsvc_gen import __version__
from bgsvc_gen.errors import OutputError

LOCK_NAME: Final = "bgsvc.lock"


def digest(content: bytes) -> str:
    """Return the SHA-256 of `content`, in hex."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Lock:
    """The files of an output folder, as the tool last wrote them.

    Attributes:
        files: Path in the folder → SHA-256.
        pending: The same for files that a run set out to write and may not have reached;
            empty after a run that ended.
        app: The identifier of the app whose files they are; `None` where nobody wrote it down.
    """

    files: Mapping[str, str] = field(default_factory=dict[str, str])
    pending: Mapping[str, str] = field(default_factory=dict[str, str])
    app: str | None = None

    def knows(self, path: str) -> bool:
        """Return whether the tool ever wrote `path`."""
        return path in self.files or path in self.pending

    def wrote(self, path: str, content: bytes) -> bool:
        """Return whether the tool itself left `content` at `path`."""
        return digest(content) in (self.files.get(path), self.pending.get(path))

    def text(self) -> str:
        """Return the content of the lock file: one line per path, for readable diffs."""
        tables: dict[str, object] = {"bgsvc-gen": __version__}
        if self.app is not None:
            tables["app"] = self.app
        tables["files"] = dict(sorted(self.files.items()))
        if self.pending:
            tables["pending"] = dict(sorted(self.pending.items()))
        return json.dumps(tables, indent=1, ensure_ascii=False) + "\n"


def read_lock(root: Path, *, forgiving: bool = False) -> Lock:
    """Return the lock of the output folder `root`, or an empty one if it has none.

    Args:
        root: The output folder.
        forgiving: Treat a damaged lock as absent.

    Raises:
        OutputError: The lock is damaged or cannot be read.
    """
    path = root / LOCK_NAME
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        app = content.get("app")
        return Lock(
            _digests(content["files"]),
            _digests(content.get("pending", {})),
            app if isinstance(app, str) else None,
        )
    except FileNotFoundError:
        return Lock()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        if forgiving:
            return Lock()
        hint = "restore it from version control, or regenerate every file with --force"
        raise OutputError(f"{path} is damaged", hint) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"cannot read {path}: {reason}", "make it readable") from None


def _digests(table: Any) -> dict[str, str]:  # noqa: ANN401 - JSON
    if not all(isinstance(value, str) for value in table.values()):
        raise TypeError
    return dict(table)
