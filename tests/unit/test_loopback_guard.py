"""The guard that keeps the suite on this machine."""

import socket

import pytest

from support.loopback_only.loopback_guard import Guard, LeftTheMachine, is_local


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "0.0.0.0"])  # noqa: S104 - an input
def test_this_machine_is_local(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "example.test", "::ffff:192.0.2.1", "2001:db8::1"])
def test_everything_else_is_not(host: str) -> None:
    assert not is_local(host)


def test_a_connection_that_leaves_the_machine_is_refused_and_noted(loopback_guard: Guard) -> None:
    with socket.socket() as channel, pytest.raises(LeftTheMachine, match=r"192\.0\.2\.1"):
        channel.connect(("192.0.2.1", 80))
    assert "192.0.2.1" in loopback_guard.attempts.pop()


def test_a_name_is_not_looked_up(loopback_guard: Guard) -> None:
    with pytest.raises(LeftTheMachine, match=r"example\.test"):
        socket.getaddrinfo("example.test", 80)
    assert "example.test" in loopback_guard.attempts.pop()
