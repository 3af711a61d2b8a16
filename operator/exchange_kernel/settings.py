"""Every knob of the operator, in one frozen class. Flags win over environment variables, which win over defaults."""

import argparse
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

PREFIX = "EXCHANGE_KERNEL_"
MOST_PORTS = 65535


def _knob(default: object, text: str) -> Any:  # noqa: ANN401 - the type is the annotation of the field
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one operator process. Times are in seconds."""

    kubeconfig: str = _knob("", "kubeconfig file; empty: the service account of the pod, else KUBECONFIG, else ~/.kube")
    namespace: str = _knob(
        "", "namespace of the journal (the OrderReceipts); empty: the one that comes with the credentials"
    )
    watch_namespace: str = _knob("", "watch only this namespace; empty: all")
    allowed_endpoints: str = _knob(
        "", "comma-separated base URLs that accounts may name in spec.endpoint (a paper exchange); empty: none"
    )
    workers: int = _knob(32, "how many objects are handled at the same time")
    poll_interval: float = _knob(2.0, "between two reads of an account's open orders while some work")
    idle_interval: float = _knob(15.0, "between two contacts with the venue of an account without working orders")
    streams: str = _knob(
        "on",
        "on: listen to the venues' order streams, which only lets the operator look sooner; off: polls alone, which "
        "show everything one poll interval later at most",
    )
    balance_interval: float = _knob(30.0, "between two reads of an account's balances when nothing was filled")
    credentials_interval: float = _knob(
        30.0, "between two looks at the Secret of an account whose key works; a refused key is looked at more often"
    )
    sweep_interval: float = _knob(60.0, "between two comparisons of the cache with the API server")
    journal_sweep_interval: float = _knob(
        3600.0, "between two looks for receipts whose retention has passed; they are deleted one by one"
    )
    send_window: float = _knob(
        5.0, "S of the placing protocol: how long after its record an order may still be written to the socket"
    )
    lease_duration: float = _knob(
        15.0,
        "with several operators: one of them works on an account, another takes over when it has not been heard of for "
        "so long; it saves sessions and calls, safety does not rest on it; 0: all work on all accounts",
    )
    lease_identity: str = _knob(
        "",
        "name under which leases are held; a process takes over at once what was held under its own name (in a "
        "Deployment: the pod's name); empty: a name that is new at each start",
    )
    submitting_after: float = _knob(1.0, "state Submitting is shown when the venue has not answered for so long")
    drain_timeout: float = _knob(20.0, "how long a shutdown waits for requests under way and their records")
    probe_host: str = _knob("0.0.0.0", "address of /healthz, /readyz and /metrics")  # noqa: S104 - a pod's probes come from outside
    probe_port: int = _knob(8080, "port of /healthz, /readyz and /metrics; 0: any free port; -1: none")
    ready_file: str = _knob("", "file that is written once the operator is ready, with the probes' port (JSON)")
    log_format: str = _knob("plain", "plain or json")
    log_level: str = _knob("INFO", "DEBUG, INFO, WARNING or ERROR")

    @property
    def follows_streams(self) -> bool:
        """Whether order streams are listened to."""
        return self.streams == "on"

    @property
    def endpoints(self) -> frozenset[str]:
        """The allowed endpoints, without trailing slashes."""
        return frozenset(part.strip().rstrip("/") for part in self.allowed_endpoints.split(",") if part.strip())

    @property
    def ready_path(self) -> Path | None:
        """Where readiness is announced, if anywhere."""
        return Path(self.ready_file) if self.ready_file else None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One flag per knob; the help names the environment variable and the default."""
    for knob in fields(Settings):
        flag = "--" + knob.name.replace("_", "-")
        default = "" if knob.default is MISSING else knob.default
        text = f"{knob.metadata['help']} [{PREFIX}{knob.name.upper()}; default: {default!r}]"
        parser.add_argument(flag, dest=knob.name, default=None, help=text.replace("%", "%%"))


def from_sources(arguments: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Settings from flags, environment and defaults.

    Raises:
        ValueError: A value has the wrong form; the message names the knob and says what to write.
    """
    values: dict[str, Any] = {}
    for knob in fields(Settings):
        text = getattr(arguments, knob.name, None)
        if text is None:
            text = environment.get(PREFIX + knob.name.upper())
        if text is not None:
            values[knob.name] = _parse(knob.name, type(knob.default), text)
    settings = Settings(**values)
    _check(settings)
    return settings


def _parse(name: str, kind: type, text: str) -> Any:  # noqa: ANN401 - one of three plain types
    try:
        return kind(text)
    except ValueError:
        wanted = {int: "a whole number", float: "a number of seconds"}.get(kind, "text")
        raise ValueError(f"--{name.replace('_', '-')}: write {wanted}, not {text!r}") from None


def _check(settings: Settings) -> None:
    if settings.log_format not in {"plain", "json"}:
        raise ValueError(f"--log-format: write plain or json, not {settings.log_format!r}")
    if settings.log_level.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError(f"--log-level: write DEBUG, INFO, WARNING or ERROR, not {settings.log_level!r}")
    if settings.streams not in {"on", "off"}:
        raise ValueError(f"--streams: write on or off, not {settings.streams!r}")
    positive = (
        "poll_interval",
        "idle_interval",
        "balance_interval",
        "credentials_interval",
        "sweep_interval",
        "journal_sweep_interval",
        "send_window",
        "workers",
    )
    for name in (*positive, "submitting_after", "drain_timeout", "lease_duration"):
        value = getattr(settings, name)
        if not math.isfinite(value) or value < 0 or (name in positive and value == 0):
            wanted = "a number above zero" if name in positive else "zero or a number above"
            raise ValueError(f"--{name.replace('_', '-')}: write {wanted}, not {value:g}")
    if not -1 <= settings.probe_port <= MOST_PORTS:
        raise ValueError(f"--probe-port: write a port from 0 to {MOST_PORTS}, or -1 for none")


def parse(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from a list of flags; for programs that start the operator in process."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return from_sources(parser.parse_args(arguments), environment)
