import errno
import stat
from pathlib import Path

import pytest

from local_cluster.errors import DiskFullError, LocalClusterError, explaining_full_disk
from local_cluster.files import tail, write_whole
from local_cluster.layout import Layout, Ports, State
from local_cluster.processes import Process

PORTS = Ports(api_server=20_001, etcd=20_002, etcd_peer=20_003)


def state(**changes: object) -> State:
    facts: dict[str, object] = {
        "ports": PORTS,
        "binaries": "/programs",
        "detached": True,
        "etcd": Process(1, "a"),
        "api_server": Process(2, "b"),
    }
    return State(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("one", [state(), state(api_server=None), state(etcd=None, api_server=None, detached=False)])
def test_what_runs_is_remembered(tmp_path: Path, one: State) -> None:
    layout = Layout(tmp_path)

    layout.write_state(one)

    assert layout.read_state() == one


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"format": 2}', b'{"format": 1}', state().to_json()[:-40], b"\xff\xfe"],
)
def test_a_damaged_state_file_is_no_state(tmp_path: Path, content: bytes) -> None:
    layout = Layout(tmp_path)
    layout.state.write_bytes(content)

    assert layout.read_state() is None


def test_no_folder_is_no_state(tmp_path: Path) -> None:
    assert Layout(tmp_path / "missing").read_state() is None


def test_a_folder_of_another_user_is_explained(tmp_path: Path) -> None:
    class Closed(type(tmp_path)):  # type: ignore[misc]
        def read_bytes(self) -> bytes:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))

    with pytest.raises(LocalClusterError, match=r"Permission denied.*belongs to another user.*--dir"):
        Layout(Closed(tmp_path)).read_state()


def test_the_api_server_is_stopped_before_etcd() -> None:
    assert [process.pid for process in state().processes] == [2, 1]


def test_a_control_plane_of_which_a_part_is_missing_is_not_alive() -> None:
    assert not state(api_server=None).alive
    assert not state().alive


def test_a_new_folder_is_private_and_marked(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "a" / "b")

    layout.create()
    layout.create()

    assert stat.S_IMODE(layout.root.stat().st_mode) == 0o700
    assert layout.marker.exists()


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()

    with pytest.raises(LocalClusterError, match=r"holds other files.*--dir"):
        Layout(tmp_path).create()

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_in_words(number: int) -> None:
    expected = pytest.raises(DiskFullError, match=r"No space left while writing to /some/where.*Free some")
    with expected, explaining_full_disk(Path("/some/where")):
        raise OSError(number, "full")


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(OSError, match="broken"), explaining_full_disk(Path("/some/where")):
        raise OSError(errno.EIO, "broken")


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    write_whole(file, b"old")

    with pytest.raises(TypeError):
        write_whole(file, "no bytes")  # type: ignore[arg-type]

    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_the_end_of_a_log_is_quoted_from_where_this_run_began(tmp_path: Path) -> None:
    log = tmp_path / "etcd.log"
    log.write_text("earlier\n")
    start = log.stat().st_size
    with log.open("a") as file:
        file.writelines(f"line {number}\n" for number in range(30))

    assert tail(log, lines=2) == "line 28\nline 29"
    assert tail(log, lines=99, start=start).startswith("line 0")
    assert tail(tmp_path / "missing") == ""


def test_the_stack_of_a_panic_does_not_hide_its_reason(tmp_path: Path) -> None:
    log = tmp_path / "etcd.log"
    log.write_text(
        "starting\n"
        "panic: failed to create WAL (no space left on device)\n"
        "\n"
        "goroutine 1 [running]:\n"
        "go.uber.org/zap/zapcore.CheckWriteAction.OnWrite(0x2?, 0x1d47a4a6e480?, {0x0?, 0x0?, 0x1d47a4b5a0c0?})\n"
        "\tgo.uber.org/zap@v1.27.0/zapcore/entry.go:196 +0x54\n"
        "created by main.main in goroutine 1\n"
    )

    assert tail(log) == "starting\npanic: failed to create WAL (no space left on device)"
