"""The programs: each source, the cache between them, and what goes wrong on the way."""

import errno
import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local_cluster.binaries import provide
from local_cluster.cache import ASIDE, Cache, cache_root, complete
from local_cluster.errors import DiskFullError, LocalClusterError, NoBinariesError, SourceUnavailableError
from local_cluster.pins import BINARIES, KUBERNETES_VERSION
from local_cluster.progress import silent


@dataclass
class Fake:
    """A source of small scripts."""

    name: str = "fake"
    script: str = "exit 0"
    error: Exception | None = None
    calls: list[Path] = field(default_factory=list)

    def make(self, folder: Path, say: object) -> None:
        self.calls.append(folder)
        for name in BINARIES:
            (folder / name).write_text(f"#!/bin/sh\n{self.script}\n")
            (folder / name).chmod(0o755)
            if self.error:
                raise self.error


def environment(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path)}


def folder_in(tmp_path: Path) -> Path:
    return tmp_path / "exchange-kernel" / "control-plane" / KUBERNETES_VERSION


def left_aside(tmp_path: Path) -> list[Path]:
    return list(cache_root(environment(tmp_path)).glob(f"{ASIDE}*"))


def test_programs_of_ones_own_are_used_before_all_others(tmp_path: Path) -> None:
    for name in BINARIES:
        (tmp_path / name).touch()
    source = Fake()

    found = provide({"KUBEBUILDER_ASSETS": str(tmp_path), **environment(tmp_path / "cache")}, silent, [source])

    assert found.folder == tmp_path
    assert source.calls == []
    assert not (tmp_path / "cache").exists()


def test_programs_of_ones_own_that_are_not_there_are_missed(tmp_path: Path) -> None:
    (tmp_path / "etcd").touch()

    with pytest.raises(NoBinariesError, match=r"KUBEBUILDER_ASSETS.*kube-apiserver and kubectl.*unset it"):
        provide({"KUBEBUILDER_ASSETS": str(tmp_path)}, silent, [Fake()])


def test_the_cache_is_filled_once(tmp_path: Path) -> None:
    source = Fake()

    first = provide(environment(tmp_path), silent, [source])
    second = provide(environment(tmp_path), silent, [source])

    assert first == second
    assert first.folder == folder_in(tmp_path)
    assert len(source.calls) == 1
    assert json.loads((first.folder / "manifest.json").read_text())["source"] == "fake"
    assert left_aside(tmp_path) == []


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_the_cache_is_below_the_home_folder_unless_an_absolute_path_is_named(value: str) -> None:
    assert cache_root({"XDG_CACHE_HOME": value}) == Path.home() / ".cache" / "exchange-kernel" / "control-plane"


def test_the_second_source_is_tried_where_the_first_one_does_not_work(tmp_path: Path) -> None:
    said: list[str] = []
    first, second = Fake("download", error=SourceUnavailableError("no way out")), Fake("build")

    provide(environment(tmp_path), said.append, [first, second])

    assert "The download does not work here: no way out" in said
    assert json.loads((folder_in(tmp_path) / "manifest.json").read_text())["source"] == "build"


def test_where_no_source_works_each_reason_is_given_and_nothing_is_left(tmp_path: Path) -> None:
    sources = [Fake("download", error=SourceUnavailableError("no way out")), Fake("build", script="echo no; exit 1")]

    with pytest.raises(NoBinariesError) as caught:
        provide(environment(tmp_path), silent, sources)

    said = str(caught.value)
    assert "- download: no way out" in said
    assert "- build: its etcd does not run here" in said
    assert "KUBEBUILDER_ASSETS" in said
    assert not folder_in(tmp_path).exists()
    assert left_aside(tmp_path) == []


def damage(folder: Path, how: str) -> None:
    manifest = folder / "manifest.json"
    if how == "no manifest":
        manifest.unlink()
    elif how == "half a manifest":
        manifest.write_bytes(manifest.read_bytes()[:40])
    elif how == "a program is missing":
        (folder / "kubectl").unlink()
    elif how == "half a program":
        (folder / "kube-apiserver").write_text("#!")
    elif how == "not executable":
        (folder / "etcd").chmod(0o644)
    else:
        manifest.write_text(manifest.read_text().replace('"platform": "', '"platform": "not-'))


@pytest.mark.parametrize(
    "how",
    [
        "no manifest",
        "half a manifest",
        "a program is missing",
        "half a program",
        "not executable",
        "of another machine",
    ],
)
def test_a_damaged_cache_is_made_anew(tmp_path: Path, how: str) -> None:
    said: list[str] = []
    folder = provide(environment(tmp_path), silent, [Fake()]).folder
    damage(folder, how)

    again = Fake()
    provide(environment(tmp_path), said.append, [again])

    assert len(again.calls) == 1
    assert any("damaged or for another machine" in line for line in said)
    assert provide(environment(tmp_path), silent, []).folder == folder
    assert left_aside(tmp_path) == []


def test_what_a_killed_process_left_aside_is_removed(tmp_path: Path) -> None:
    left = cache_root(environment(tmp_path)) / f"{ASIDE}left"
    (left / "modules").mkdir(parents=True)

    provide(environment(tmp_path), silent, [Fake()])

    assert not left.exists()


def test_a_disk_that_is_full_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    second = Fake()

    with pytest.raises(DiskFullError, match=r"No space left while writing to .*control-plane.*Free some"):
        provide(environment(tmp_path), silent, [Fake(error=OSError(errno.ENOSPC, "full")), second])

    assert second.calls == []
    assert not folder_in(tmp_path).exists()
    assert left_aside(tmp_path) == []


def test_an_interrupted_source_leaves_nothing(tmp_path: Path) -> None:
    source = Fake()
    source.error = KeyboardInterrupt()  # type: ignore[assignment]

    with pytest.raises(KeyboardInterrupt):
        provide(environment(tmp_path), silent, [source])

    assert not folder_in(tmp_path).exists()
    assert left_aside(tmp_path) == []


def test_a_cache_folder_that_is_a_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "exchange-kernel").touch()

    with pytest.raises(LocalClusterError, match=r"must be writable; XDG_CACHE_HOME can name another place"):
        provide(environment(tmp_path), silent, [Fake()])


def test_a_process_that_waited_for_the_lock_uses_what_the_other_one_made(tmp_path: Path) -> None:
    cache = Cache(tmp_path, "linux-amd64")
    cache.fill([Fake()], silent)
    late = Fake()

    cache.fill([late], silent)

    assert late.calls == []
    assert complete(cache.folder, "linux-amd64")
