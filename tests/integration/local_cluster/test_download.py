"""Places where the download is out of reach must not cost the user's time."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cluster.download import Download
from local_cluster.errors import SourceUnavailableError
from local_cluster.progress import silent


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Accepts connections and never says a word, like a firewall that drops packets."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        return int(nobody.getsockname()[1])


def refusal(port: int, folder: Path) -> str:
    source = Download(f"https://127.0.0.1:{port}/envtest.tar.gz", "0" * 128, connect_seconds=0.3)
    with pytest.raises(SourceUnavailableError) as caught:
        source.make(folder, silent)
    return str(caught.value)


def test_a_server_that_does_not_answer_is_given_up_soon(silent_server: int, tmp_path: Path) -> None:
    began = time.monotonic()

    said = refusal(silent_server, tmp_path)

    assert "timed out" in said
    assert f"127.0.0.1:{silent_server}" in said
    # Far below the thirty seconds that a running download may pause.
    assert time.monotonic() - began < 15


def test_a_server_that_refuses_is_given_up_at_once(closed_port: int, tmp_path: Path) -> None:
    assert "cannot be reached" in refusal(closed_port, tmp_path)
