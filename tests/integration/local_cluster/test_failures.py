"""What the user reads when the programs do not do what they should; small scripts stand in for them."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from local_cluster import LocalCluster, LocalClusterError, Options
from local_cluster.binaries import Binaries
from local_cluster.engine import Engine
from local_cluster.errors import DiskFullError, PortTakenError, StartError
from local_cluster.layout import Layout, State
from local_cluster.options import choose_ports
from local_cluster.processes import Process

Program = Callable[[str, str], Path]


def failure(directory: Path, folder: Path, seconds: float = 30, flags: tuple[str, ...] = ()) -> StartError:
    options = Options(ready_seconds=seconds, api_server_flags=flags)
    with pytest.raises(StartError) as caught:
        LocalCluster.launch(directory, options, lambda: Binaries(folder))
    return caught.value


def nothing_runs(directory: Path) -> bool:
    state = Layout(directory).read_state()
    return state is None or not any(process.alive() for process in state.processes)


def test_the_last_words_of_a_program_that_ends_are_quoted_with_the_place_of_its_log(
    directory: Path, program: Program
) -> None:
    program("kube-apiserver", "sleep 600")
    folder = program("etcd", "echo 'the norwegian blue is resting'; exit 1")

    said = str(failure(directory, folder))

    assert "etcd ended" in said
    assert str(directory / "logs" / "etcd.log") in said
    assert "the norwegian blue is resting" in said
    assert nothing_runs(directory)


def test_an_api_server_that_fails_leaves_no_etcd_behind(directory: Path, program: Program) -> None:
    program("etcd", "exec sleep 600")
    folder = program("kube-apiserver", "echo 'unknown flag: --spanish-inquisition'; exit 1")

    said = str(failure(directory, folder))

    assert "unknown flag: --spanish-inquisition" in said
    assert nothing_runs(directory)


def test_a_server_that_never_gets_ready_is_given_up_with_the_reason(directory: Path, program: Program) -> None:
    program("etcd", "exec sleep 600")
    folder = program("kube-apiserver", "echo 'waiting for godot'; exec sleep 600")

    said = str(failure(directory, folder, seconds=1))

    assert "not ready after 1 s" in said
    assert "refused" in said
    assert "waiting for godot" in said
    assert nothing_runs(directory)


def test_a_program_that_is_damaged_is_named(directory: Path, program: Program) -> None:
    folder = program("etcd", "")
    (folder / "etcd").write_bytes(b"\x7fELF-no-more")

    said = str(failure(directory, folder))

    assert "etcd could not be started" in said
    assert "Exec format error" in said


def test_a_disk_that_is_full_for_etcd_is_said_in_words(directory: Path, program: Program) -> None:
    program("kube-apiserver", "sleep 600")
    folder = program("etcd", "echo 'panic: wal: no space left on device'; exit 2")

    with pytest.raises(DiskFullError, match=r"the disk of .*etcd\.log is full. Free some"):
        LocalCluster.launch(directory, Options(), lambda: Binaries(folder))


class FullDisk(Layout):
    """A folder on a disk that gets full once etcd runs."""

    seen: ClassVar[list[Process]] = []

    def write_state(self, state: State) -> None:
        if state.etcd:
            self.seen.append(state.etcd)
            raise DiskFullError("full")
        super().write_state(state)


def test_a_process_that_could_not_be_remembered_is_not_left_running(directory: Path, program: Program) -> None:
    layout = FullDisk(directory)
    layout.create()
    folder = program("etcd", "exec sleep 600")
    engine = Engine(layout, State(choose_ports(), str(folder), detached=True), Options())

    with pytest.raises(DiskFullError):
        engine.start()

    (etcd,) = layout.seen
    assert not etcd.alive()


def test_ports_that_are_always_taken_are_given_up_after_some_attempts(directory: Path, program: Program) -> None:
    attempts = directory.parent / "attempts"
    program("kube-apiserver", "exec sleep 600")
    folder = program("etcd", f"echo . >> {attempts}; echo 'listen tcp: bind: address already in use'; exit 1")

    error = failure(directory, folder)

    assert isinstance(error, PortTakenError)
    assert len(attempts.read_text().split()) == 5


def test_a_folder_with_other_files_is_not_touched(tmp_path: Path, program: Program) -> None:
    precious = tmp_path / "thesis"
    precious.mkdir()
    (precious / "etcd").write_text("a chapter")

    with pytest.raises(LocalClusterError, match="holds other files"):
        LocalCluster.launch(precious, Options(), lambda: Binaries(program("etcd", "")))

    assert [path.name for path in precious.iterdir()] == ["etcd"]


def test_flags_of_the_caller_come_last_so_that_they_win(directory: Path, program: Program) -> None:
    program("etcd", "exec sleep 600")
    folder = program("kube-apiserver", 'echo "$@"; exit 1')

    said = str(failure(directory, folder, flags=("--secure-port=1",)))

    assert said.endswith(" --secure-port=1")
