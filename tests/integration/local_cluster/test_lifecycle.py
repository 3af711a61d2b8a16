"""Start, reuse, stop, and what is left when somebody pulls the plug."""

import dataclasses
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import local_cluster
from local_cluster import LocalCluster, LocalClusterError, Options, down
from local_cluster.layout import Layout, Ports
from local_cluster.options import choose_ports
from local_cluster.processes import Process, birth

PACKAGES = str(Path(local_cluster.__file__).parents[1])
ENVIRONMENT = {**os.environ, "PYTHONPATH": PACKAGES}


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "local_cluster", *arguments]
    return subprocess.run(line, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=90)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def all_gone(processes: tuple[Process, ...]) -> bool:
    return not any(process.alive() for process in processes)


def running_in(directory: Path) -> LocalCluster:
    found = LocalCluster.attach(directory)
    assert found is not None
    return found


def test_up_goes_on_without_its_command_and_a_second_up_uses_it_and_down_ends_it(directory: Path) -> None:
    place = ("--dir", str(directory))

    first = command("up", *place)
    assert first.returncode == 0, first.stderr
    cluster = running_in(directory)
    assert f"export KUBECONFIG={directory}/kubeconfig" in first.stdout
    assert cluster.server in first.stdout
    cluster.run_kubectl("create", "configmap", "kept")

    second = command("up", *place)
    assert "already runs" in second.stdout
    assert running_in(directory).state == cluster.state

    status = json.loads(command("status", "--json", *place).stdout)
    assert (status["running"], status["server"]) == (True, cluster.server)
    assert status["kubeconfig"] == str(directory / "kubeconfig")

    assert command("down", *place).returncode == 0
    assert all_gone(cluster.state.processes)
    assert sorted(path.name for path in directory.iterdir()) == [".local-cluster", "lock", "logs"]
    again = command("down", *place)
    assert (again.returncode, again.stdout) == (0, f"Nothing runs in {directory}.\n")
    assert command("status", *place).returncode == 3


def test_two_ups_at_once_make_one_control_plane(directory: Path) -> None:
    line = [sys.executable, "-m", "local_cluster", "up", "--dir", str(directory)]
    ups = [subprocess.Popen(line, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [up.communicate(timeout=90)[0] for up in ups]

    assert [up.returncode for up in ups] == [0, 0]
    assert all(running_in(directory).server in one for one in said)


def test_a_killed_owner_takes_its_control_plane_along(directory: Path) -> None:
    script = (
        "import sys, time, pathlib\n"
        "from local_cluster import LocalCluster\n"
        "cluster = LocalCluster.start(pathlib.Path(sys.argv[1]))\n"
        "print('started', flush=True)\n"
        "time.sleep(600)\n"
    )
    line = [sys.executable, "-c", script, str(directory)]
    with subprocess.Popen(line, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "started\n"
        processes = running_in(directory).state.processes
        owner.kill()

    until(lambda: all_gone(processes))


@pytest.mark.skipif(platform.system() != "Linux", reason="elsewhere the kernel has no such signal")
def test_a_killed_leash_takes_its_process_along(directory: Path) -> None:
    with LocalCluster.start(directory) as cluster:
        api_server = cluster.state.processes[0]
        parent = int(Path(f"/proc/{api_server.pid}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(parent, signal.SIGKILL)

        until(lambda: not api_server.alive())


def test_up_in_the_foreground_ends_everything_when_it_is_terminated(directory: Path) -> None:
    line = [sys.executable, "-m", "local_cluster", "up", "--foreground", "--dir", str(directory)]
    with subprocess.Popen(line, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout is not None
        until(lambda: "Ctrl-C" in up.stdout.readline() if up.stdout else False)
        processes = running_in(directory).state.processes
        up.terminate()
        assert up.wait(30) == 130

    assert all_gone(processes)


def test_a_dead_api_server_is_repaired_with_all_objects_and_the_same_address(directory: Path) -> None:
    before = LocalCluster.up(directory)
    before.run_kubectl("create", "configmap", "survivor")
    api_server, etcd = before.state.processes
    api_server.send(signal.SIGKILL)
    until(lambda: not api_server.alive())
    assert "died" in command("status", "--dir", str(directory)).stdout

    after = LocalCluster.up(directory)

    assert after.server == before.server
    assert not etcd.alive()
    assert "survivor" in after.run_kubectl("get", "configmaps")


def test_data_that_is_kept_is_there_after_the_next_start(directory: Path) -> None:
    with LocalCluster.start(directory) as cluster:
        cluster.run_kubectl("create", "configmap", "kept")
        cluster.stop(keep_data=True)

        with LocalCluster.start(directory) as again:
            assert again.server == cluster.server
            assert "kept" in again.run_kubectl("get", "configmaps")


def test_strangers_with_the_numbers_of_dead_processes_are_left_alone(directory: Path) -> None:
    LocalCluster.up(directory).stop(keep_data=True)
    layout = Layout(directory)
    with subprocess.Popen(["/bin/sleep", "600"]) as stranger:
        stale = Process(stranger.pid, "an earlier life")
        state = layout.read_state()
        assert state is not None
        layout.write_state(dataclasses.replace(state, etcd=stale, api_server=stale))

        assert LocalCluster.attach(directory) is None
        LocalCluster.up(directory)
        layout.write_state(dataclasses.replace(running_in(directory).state, etcd=stale))
        api_server = running_or_stopped_api_server(layout)
        assert down(directory)

        assert birth(stranger.pid) is not None
        assert not api_server.alive()
        stranger.kill()


def running_or_stopped_api_server(layout: Layout) -> Process:
    state = layout.read_state()
    assert state is not None
    assert state.api_server is not None
    return state.api_server


@pytest.mark.parametrize("taken", ["api_server", "etcd"])
def test_a_port_that_somebody_else_took_is_replaced_by_another(directory: Path, taken: str) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        answers: list[Ports] = [dataclasses.replace(choose_ports(), **{taken: stranger.getsockname()[1]})]
        options = Options(choose_ports=lambda: answers.pop() if answers else choose_ports())

        cluster = LocalCluster.up(directory, options=options)

        assert getattr(cluster.state.ports, taken) != stranger.getsockname()[1]
        assert cluster.run_kubectl("get", "--raw", "/readyz") == "ok"


def test_a_second_start_in_the_same_folder_is_refused(directory: Path) -> None:
    LocalCluster.up(directory)

    with pytest.raises(LocalClusterError, match=r"already runs in .*local_cluster down"):
        LocalCluster.start(directory)
