"""Small helpers for files: written whole or not at all, private where they hold keys."""

import os
import re
import tempfile
from pathlib import Path
from typing import Final

_FRAME: Final = re.compile(r"\t|goroutine \d+ |created by |\S+\(.*\)$")


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file such that readers see the old content or the new one, never a part.

    Args:
        path: the file; its folder exists.
        content: what it will hold.
        mode: its permissions.
    """
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(aside).chmod(mode)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def tail(path: Path, lines: int = 15, start: int = 0) -> str:
    """The last lines of a log, for an error message, without the stacks of goroutines after a panic.

    Args:
        path: the log; it may be missing.
        lines: how many lines at most.
        start: where to begin, in bytes, so that an earlier run's lines are not quoted.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(start, size - 64 * 1024))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    told = [line for line in text.splitlines() if line and not _FRAME.match(line)]
    return "\n".join(told[-lines:])
