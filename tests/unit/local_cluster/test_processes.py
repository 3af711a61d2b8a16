import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from local_cluster.processes import Process, birth, birth_from_stat

STAT = "4242 ({name}) {state} 1 4242 4242 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 9 0 778899 12291296 12072 0"


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["/bin/sleep", "600"]) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("name", ["etcd", "a name (with) S 1 2 3", ")"])
def test_a_birth_is_read_whatever_the_program_is_called(name: str) -> None:
    assert birth_from_stat(STAT.format(name=name, state="S")) == "778899"


@pytest.mark.parametrize("state", ["Z", "X"])
def test_a_process_that_only_waits_to_be_reaped_is_dead(state: str) -> None:
    assert birth_from_stat(STAT.format(name="etcd", state=state)) is None


def test_a_process_is_alive_until_it_is_stopped(sleeper: "subprocess.Popen[bytes]") -> None:
    born = birth(sleeper.pid)
    assert born is not None
    process = Process(sleeper.pid, born)
    assert process.alive()

    process.stop(5)

    assert not process.alive()
    assert sleeper.wait() == -signal.SIGTERM


def test_a_suspended_process_is_stopped_too(sleeper: "subprocess.Popen[bytes]") -> None:
    process = Process(sleeper.pid, birth(sleeper.pid) or "")
    process.send(signal.SIGSTOP)

    process.stop(5)

    assert not process.alive()


def test_a_stranger_with_the_same_number_gets_no_signal(sleeper: "subprocess.Popen[bytes]") -> None:
    process = Process(sleeper.pid, "another time")

    assert not process.alive()
    process.stop(5)

    assert sleeper.poll() is None


def test_a_process_that_does_not_exist_was_never_born() -> None:
    with subprocess.Popen(["/bin/sleep", "0"]) as gone:
        gone.wait()

    assert birth(gone.pid) is None
    assert birth(os.getpid()) is not None
