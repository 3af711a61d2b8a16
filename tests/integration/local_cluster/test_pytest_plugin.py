"""The fixtures, in runs of pytest of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import local_cluster
from local_cluster import LocalCluster
from local_cluster.layout import Layout
from local_cluster.pytest_plugin import DIRECTORY_VARIABLE, KUBECONFIG_VARIABLE

PACKAGES = str(Path(local_cluster.__file__).parents[1])

TESTS = """
import os, pathlib, pytest

@pytest.mark.parametrize("number", range(4))
def test_the_server_answers(control_plane, number):
    assert control_plane.run_kubectl("get", "--raw", "/readyz") == "ok"
    with pathlib.Path(os.environ["WITNESS"]).open("a") as file:
        state = getattr(control_plane, "state", None)
        pids = [process.pid for process in state.processes] if state else []
        print(os.environ.get("PYTEST_XDIST_WORKER", "one"), control_plane.server, *pids, file=file)
"""


def run(tmp_path: Path, *arguments: str, **variables: str) -> list[list[str]]:
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    witness = tmp_path / "witness"
    line = [sys.executable, "-m", "pytest", "-q", "-p", "local_cluster.pytest_plugin", *arguments, str(tmp_path)]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "EXCHANGE_KERNEL_"))}
    environment = {**kept, "PYTHONPATH": PACKAGES, "WITNESS": str(witness), **variables}
    line += ["--basetemp", str(tmp_path / "base")]
    answer = subprocess.run(
        line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=110
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return [line.split() for line in witness.read_text().splitlines()]


def alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


def test_workers_share_one_control_plane_that_is_gone_afterwards(tmp_path: Path) -> None:
    seen = run(tmp_path, "-n", "2", "--dist", "load")

    assert {worker for worker, *_ in seen} == {"gw0", "gw1"}
    assert len({server for _, server, *_ in seen}) == 1
    assert not any(alive(pid) for _, _, *pids in seen for pid in pids)


def test_a_run_without_workers_has_its_own(tmp_path: Path) -> None:
    seen = run(tmp_path)

    assert len(seen) == 4
    assert len({server for _, server, *_ in seen}) == 1
    assert not any(alive(pid) for _, _, *pids in seen for pid in pids)


def test_a_named_folder_or_kubeconfig_is_used_and_left_running(tmp_path: Path, directory: Path) -> None:
    cluster = LocalCluster.up(directory)

    by_folder = run(tmp_path, **{DIRECTORY_VARIABLE: str(directory)})
    by_kubeconfig = run(tmp_path, **{KUBECONFIG_VARIABLE: str(cluster.kubeconfig)})[4:]

    assert {tuple(line) for line in by_folder} == {
        ("one", cluster.server, *(str(process.pid) for process in cluster.state.processes))
    }
    assert {tuple(line) for line in by_kubeconfig} == {("one", cluster.server)}
    state = Layout(directory).read_state()
    assert state == cluster.state
    assert state is not None
    assert state.alive


@pytest.mark.parametrize("content", ["", "clusters: []", "{"])
def test_a_kubeconfig_of_no_use_is_named(tmp_path: Path, content: str) -> None:
    broken = tmp_path / "broken"
    broken.write_text(content)

    with pytest.raises(AssertionError, match="is no kubeconfig"):
        run(tmp_path, **{KUBECONFIG_VARIABLE: str(broken)})
