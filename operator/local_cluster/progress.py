"""Saying what takes so long."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

Say: TypeAlias = Callable[[str], None]
"""Takes one line for the user."""

_EVERY_SECONDS: Final = 15.0


def silent(_line: str) -> None:
    """Say nothing."""


def duration(seconds: float) -> str:
    """A time for people: `42 s`, `3 min 5 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@dataclass(frozen=True)
class Step:
    """A program that takes its time.

    Attributes:
        what: what is being done, as a sentence without its end.
        command: the program and its arguments.
        log: file to which its output is appended.
        cwd: the working folder.
        env: the environment.
    """

    what: str
    command: Sequence[str]
    log: Path
    cwd: Path | None = None
    env: Mapping[str, str] | None = None


def run_long(step: Step, say: Say, every: float = _EVERY_SECONDS) -> int:
    """Run a program, and say every now and then that it still runs.

    Args:
        step: the program.
        say: takes the lines for the user.
        every: seconds between two lines.

    Returns:
        The exit code.
    """
    began = time.monotonic()
    say(f"{step.what} ...")
    with step.log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - commands of this package
            step.command, cwd=step.cwd, env=step.env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            while not _ended(process, every):
                say(f"{step.what} ... {duration(time.monotonic() - began)} so far")
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if process.returncode == 0:
        say(f"{step.what}: done in {duration(time.monotonic() - began)}")
    return process.returncode


def _ended(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
