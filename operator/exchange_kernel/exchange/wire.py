"""What happened on the wire during one call, and the last check before the socket write.

An error's class proves nothing: ccxt raises the same `ExchangeNotAvailable` for a refused connection (nothing sent) and
for a connection that broke after the request was sent (anything may have happened). So the proof is taken from where
the call got to. `GatedRequest.send` is entered by aiohttp with an open connection in hand, immediately before the
bytes go out: if it was never entered, nothing was sent, whatever the error says.

The facts travel in a context variable, so that concurrent calls on one ccxt instance cannot read each other's headers
(`last_response_headers` is one attribute for all of them).
"""

import json
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from yarl import URL

from exchange_kernel.exchange.port import SendGate


class GateRefused(Exception):
    """The gate did not let the request out; nothing was written."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


class WireMismatch(Exception):
    """What ccxt was about to send is not what the profile listed; nothing was written."""


class Diverted(Exception):
    """A redirect would have sent the request again, or the key to another host."""


@dataclass(slots=True)
class WireCall:
    """The record of one call, filled while it runs.

    Attributes:
        gate: Asked immediately before the socket write.
        expected: The parameters that must be on the wire, exactly; None where nothing is compared (reads).
        unchecked: Parameters that ccxt adds by itself and that change with every call (time stamp, signature).
        origin: Scheme, host and port that the call is meant for.
        writes: How often a request was handed to the socket; above 1 only where aiohttp repeated an idempotent one.
        status: HTTP status of the answer, None while there is none.
        headers: The answer's headers, lower-case names.
        body: The answer's text.
    """

    gate: SendGate | None = None
    expected: Mapping[str, Any] | None = None
    unchecked: frozenset[str] = frozenset()
    origin: str = ""
    writes: int = 0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    @property
    def started(self) -> bool:
        """Whether anything may have reached the venue."""
        return self.writes > 0

    def before_write(self, method: str, origin: str) -> None:
        """Let the request out.

        Raises:
            GateRefused: The gate is closed.
            Diverted: The request is a repetition of one that may go out once, or goes elsewhere than it was meant to;
                aiohttp does both when it follows a redirect, and repeats a PUT over a connection that broke.
        """
        once = method == "POST" or self.expected is not None
        if origin != self.origin or (once and self.writes > 0):
            raise Diverted
        answer = self.gate() if self.gate is not None else None
        if answer is not None:
            raise GateRefused(answer)
        self.writes += 1
        self.status, self.headers, self.body = None, {}, ""

    def check(self, url: str, body: str | None) -> None:
        """Compare what is about to be sent with what was meant, or raise `WireMismatch`."""
        self.origin = str(URL(url).origin())
        if self.expected is None:
            return
        sent = {name: value for name, value in _parameters(url, body) if name not in self.unchecked}
        meant = dict(_flat(self.expected))
        differing = sorted(name for name in sent.keys() | meant.keys() if sent.get(name) != meant.get(name))
        if differing:
            shown = ", ".join(f"{n}={sent.get(n)!r} in place of {meant.get(n)!r}" for n in differing)
            raise WireMismatch(f"ccxt would have sent {shown}")

    def record(self, status: int, headers: Mapping[str, str], body: str) -> None:
        """Keep the answer."""
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers.items()}


def _parameters(url: str, body: str | None) -> Iterator[tuple[str, str]]:
    """Everything that a request says: its query, and its body as a form or as JSON."""
    yield from parse_qsl(urlsplit(url).query, keep_blank_values=True)
    if body and body[0] in "{[":
        # Numbers keep their text: 0.10 and 0.1 are not the same on the wire.
        yield from _flat(json.loads(body, parse_float=str, parse_int=str))
    else:
        yield from parse_qsl(body or "", keep_blank_values=True)


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Nested values by dotted names: `{"a": {"b": [1]}}` is `a.b.0 = 1`."""
    if isinstance(value, Mapping):
        pairs = [(str(key), inner) for key, inner in value.items()]
    elif isinstance(value, list):
        pairs = [(str(index), inner) for index, inner in enumerate(value)]
    else:
        yield name, value if isinstance(value, str) else json.dumps(value)
        return
    if not pairs:
        yield name, "{}" if isinstance(value, Mapping) else "[]"
    for key, inner in pairs:
        yield from _flat(inner, f"{name}.{key}" if name else key)


CURRENT: ContextVar[WireCall | None] = ContextVar("exchange_kernel_wire_call", default=None)


class GatedRequest(aiohttp.ClientRequest):
    """aiohttp's request, with the gate in front of the socket write."""

    async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        """Ask the gate with the connection in hand, then write."""
        call = CURRENT.get()
        if call is not None:
            call.before_write(self.method, str(self.url.origin()))
        return await super().send(conn)
