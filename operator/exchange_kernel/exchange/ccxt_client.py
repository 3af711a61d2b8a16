"""An unmodified ccxt class with its documented hooks filled in. The only module that imports ccxt.

The hooks are `fetch` (compare what goes out), `on_rest_response` (keep this answer's headers for this call) and `nonce`
(sign with the venue's clock). The HTTP session is ours and passed by configuration, so that the gate stands
immediately before the socket write. ccxt's throttle and its retries are off: the account session paces, and a write is
sent once.
"""

import functools
import importlib
import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import aiohttp
import ccxt.async_support as ccxt
import certifi

from exchange_kernel.exchange.account import REQUEST_TIMEOUT
from exchange_kernel.exchange.port import ProfileMissing
from exchange_kernel.exchange.profiles.base import VenueProfile
from exchange_kernel.exchange.wire import CURRENT, GatedRequest

_MAX_CONNECTIONS = 32  # above what the session lets out at once, so that no request waits for a connection

# ccxt logs requests with their headers at DEBUG; this logger has no handler and passes nothing on.
_SILENT = logging.Logger("ccxt", level=logging.CRITICAL + 1)  # noqa: LOG001 - on purpose outside the hierarchy


KEEP_ALIVE_MS = 10_000
"""Between two pings of a stream; one whose pongs stay away for twice as long is dead (ccxt's default: 9 minutes)."""


@dataclass(frozen=True, slots=True)
class Access:
    """Which venue, and as whom.

    Attributes:
        profile: The venue.
        credentials: ccxt's names: apiKey, secret, password.
        endpoint: Base URL in place of the venue's own; empty for the venue's own.
        sandbox: The venue's own test network; an endpoint outranks it.
        request_timeout: Seconds until a request without an answer counts as unknown.
    """

    profile: VenueProfile
    credentials: Mapping[str, str] = field(repr=False)
    endpoint: str = ""
    sandbox: bool = False
    request_timeout: float = REQUEST_TIMEOUT


@dataclass(frozen=True)
class Hooks:
    """What the client tells and asks.

    Attributes:
        answered: Told of each answer: status, headers with lower-case names, body.
        venue_ms: The venue's clock in milliseconds, None while it was never read.
        nonce_ahead_ms: How far the nonce of a venue that does not sign with its time runs ahead of our wall clock.
    """

    answered: Callable[[int, Mapping[str, str], str], None]
    venue_ms: Callable[[], int | None]
    nonce_ahead_ms: Callable[[], int] = lambda: 0


class CcxtClient(Protocol):
    """The part of a ccxt instance that the adapter uses, beside the calls that a profile names."""

    urls: dict[str, Any]
    session: Any

    def set_sandbox_mode(self, enabled: bool) -> None: ...  # noqa: FBT001, D102 - ccxt's signature

    async def load_markets(self, reload: bool = False) -> Mapping[str, Any]: ...  # noqa: FBT001, FBT002, D102 - ccxt's

    def market(self, symbol: str) -> Mapping[str, Any]: ...  # noqa: D102

    def safe_symbol(self, market_id: str) -> str: ...  # noqa: D102

    async def close(self) -> None: ...  # noqa: D102


class _Hooked:
    """Mixed in before ccxt's class."""

    hooks: Hooks
    signs_with_time: bool

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:  # noqa: ANN401 - ccxt's signature
        """Compare what goes out with what was meant, then let ccxt send it."""
        call = CURRENT.get()
        if call is not None:
            call.check(url, body)
        return await super().fetch(url, method, headers, body)  # type: ignore[misc]

    def on_rest_response(self, code: int, *rest: Any) -> str:  # noqa: ANN401 - ccxt's signature
        """Keep this answer for this call; `rest` is reason, url, method, headers, body and the request's own."""
        headers, body = rest[3], rest[4]
        call = CURRENT.get()
        if call is not None:
            call.record(code, headers, body)
            self.hooks.answered(code, call.headers, body)
        return str(super().on_rest_response(code, *rest))  # type: ignore[misc]

    def nonce(self) -> int:
        """The time stamp of the next signature, in milliseconds."""
        told = self.hooks.venue_ms() if self.signs_with_time else None
        return int(super().nonce()) + self._ahead() if told is None else told  # type: ignore[misc]

    def _ahead(self) -> int:
        return 0 if self.signs_with_time else self.hooks.nonce_ahead_ms()


class _Listening(_Hooked):
    """Mixed in before ccxt.pro's class: every message is handed to `told`, and none can end the reading in silence.

    ccxt's receive loop dies of an exception in a handler, or of a text that is no JSON, while the socket stays open.
    Here such a message ends the connection, which whoever watches it hears of at once. Events are not passed on to
    ccxt: its caches (which merge, evict, and go back) are not used.
    """

    told: Callable[[Any], bool]

    def client(self, url: str) -> Any:  # noqa: ANN401 - ccxt's client
        """Ccxt's connection, with its reading guarded."""
        made = super().client(url)  # type: ignore[misc]
        if not isinstance(made.handle_message, functools.partial):
            made.handle_message = functools.partial(_guarded, made, made.handle_message)
        return made

    def handle_message(self, client: Any, message: Any) -> None:  # noqa: ANN401 - ccxt's signature
        """A message has arrived; answers to ccxt's own requests are its business, too."""
        if self.told(message):
            super().handle_message(client, message)  # type: ignore[misc]


def _guarded(client: Any, handle: Callable[[Any], None], message: Any) -> None:  # noqa: ANN401 - ccxt's and aiohttp's
    try:
        handle(message)
    except Exception as error:  # noqa: BLE001 - whatever it is, the connection is no good any more
        client.on_error(ccxt.NetworkError(f"a message cannot be read ({type(error).__name__})"))


@functools.cache
def _stream_class(ccxt_id: str) -> Callable[[dict[str, Any]], Any]:
    # Costs about 10 MB where the first stream is opened, and nothing where none is.
    pro = importlib.import_module("ccxt.pro")
    return type(f"Listening_{ccxt_id}", (_Listening, getattr(pro, ccxt_id)), {})


@functools.cache
def _client_class(ccxt_id: str) -> Callable[[dict[str, Any]], Any]:
    return type(f"Hooked_{ccxt_id}", (_Hooked, getattr(ccxt, ccxt_id)), {})


def new_session() -> aiohttp.ClientSession:
    """The HTTP session for one account. Needs a running loop."""
    connector = aiohttp.TCPConnector(
        ssl=ssl.create_default_context(cafile=certifi.where()), limit=_MAX_CONNECTIONS, happy_eyeballs_delay=0
    )
    return aiohttp.ClientSession(
        connector=connector, request_class=GatedRequest, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    )


def new_client(access: Access, hooks: Hooks) -> CcxtClient:
    """A configured ccxt instance that can reach nothing but the chosen endpoint."""
    client = _configured(_client_class(access.profile.ccxt_id), access, hooks)
    client.urls["api"].pop("ws")
    return cast("CcxtClient", client)


def new_stream_client(access: Access, hooks: Hooks, told: Callable[[Any], bool]) -> CcxtClient:
    """A configured ccxt.pro instance for the order stream alone.

    Args:
        access: Which venue, and as whom.
        hooks: As for `new_client`.
        told: Called with each message; whether ccxt itself shall see it, too.
    """
    profile = access.profile
    client = _configured(_stream_class(profile.ccxt_id), access, hooks)
    own = client.urls["api"].get("ws") or {}
    client.urls["api"]["ws"] = dict(profile.stream_urls(own, access.endpoint))
    client.told, client.markets = told, {}
    return cast("CcxtClient", client)


def _configured(kind: Callable[[dict[str, Any]], Any], access: Access, hooks: Hooks) -> Any:  # noqa: ANN401 - ccxt's instance
    profile = access.profile
    client = kind(
        {
            **access.credentials,
            **profile.settings(),
            "enableRateLimit": False,
            "timeout": int(access.request_timeout * 1000),
            "number": str,
            "timeout_on_exit": 0,
            "session": None,
            "streaming": {"keepAlive": KEEP_ALIVE_MS, "maxPingPongMisses": 2},
        }
    )
    client.hooks, client.signs_with_time, client.logger = hooks, profile.signs_with_time, _SILENT
    if access.sandbox and not access.endpoint:
        _enter_sandbox(client, profile.name)
    own = client.urls["api"]
    client.urls["api"] = {"ws": own.get("ws"), **profile.api_urls(own, access.endpoint)}
    return client


def _enter_sandbox(client: Any, name: str) -> None:  # noqa: ANN401 - ccxt's instance
    try:
        client.set_sandbox_mode(True)
    except ccxt.NotSupported:
        raise ProfileMissing(f"{name} has no test network: remove sandbox from the account") from None
