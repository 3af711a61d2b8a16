"""Settings from flags, environment and defaults."""

import argparse
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from exchange_kernel.settings import PREFIX, Settings, add_arguments, parse


def test_without_flags_and_environment_the_defaults_hold() -> None:
    assert parse([], {}) == Settings()


def test_a_flag_wins_over_the_environment_and_the_environment_over_the_default() -> None:
    environment = {"EXCHANGE_KERNEL_WORKERS": "7", "EXCHANGE_KERNEL_POLL_INTERVAL": "1.5"}
    settings = parse(["--workers", "9"], environment)
    assert (settings.workers, settings.poll_interval) == (9, 1.5)


def test_every_knob_has_a_flag_an_environment_variable_and_an_explanation() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    text = parser.format_help()
    for knob in fields(Settings):
        assert f"--{knob.name.replace('_', '-')} " in text
        assert f"{PREFIX}{knob.name.upper()}" in "".join(text.split())
        assert len(str(knob.metadata["help"])) > 10


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().workers = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("flag", "value", "says"),
    [
        ("--workers", "many", "--workers: write a whole number, not 'many'"),
        ("--workers", "2.5", "--workers: write a whole number"),
        ("--poll-interval", "soon", "--poll-interval: write a number of seconds, not 'soon'"),
        ("--poll-interval", "0", "--poll-interval: write a number above zero"),
        ("--poll-interval", "nan", "--poll-interval: write a number above zero"),
        ("--sweep-interval", "inf", "--sweep-interval: write a number above zero"),
        ("--send-window", "-5", "--send-window: write a number above zero"),
        ("--drain-timeout", "-1", "--drain-timeout: write zero or a number above"),
        ("--probe-port", "70000", "--probe-port: write a port"),
        ("--log-format", "xml", "--log-format: write plain or json, not 'xml'"),
        ("--log-level", "LOUD", "--log-level: write DEBUG, INFO, WARNING or ERROR"),
    ],
)
def test_a_wrong_value_is_refused_with_what_to_write(flag: str, value: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse([f"{flag}={value}"], {})


def test_a_wrong_value_in_the_environment_is_refused_in_the_same_words() -> None:
    with pytest.raises(ValueError, match="--workers: write a whole number"):
        parse([], {"EXCHANGE_KERNEL_WORKERS": "x"})


def test_no_probes_no_waiting_and_small_letters_are_allowed() -> None:
    settings = parse(["--probe-port", "-1", "--drain-timeout", "0", "--log-level", "debug"], {})
    assert (settings.probe_port, settings.drain_timeout) == (-1, 0.0)


def test_endpoints_are_compared_without_trailing_slashes() -> None:
    settings = parse(["--allowed-endpoints", " http://127.0.0.1:1/ ,, http://127.0.0.1:2/api"], {})
    assert settings.endpoints == {"http://127.0.0.1:1", "http://127.0.0.1:2/api"}
    assert Settings().endpoints == frozenset()


def test_readiness_is_announced_only_where_a_file_is_named() -> None:
    assert Settings().ready_path is None
    assert Settings(ready_file="ready.json").ready_path == Path("ready.json")
