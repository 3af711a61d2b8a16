"""A reverse proxy that loses, delays and refuses requests on demand.

It stands in front of an API server (upstream TLS, with the client certificate of a kubeconfig) or of a venue (plain
HTTP) and speaks plain HTTP to the program under test. Two hooks see each request:

    before(request)            nothing has been forwarded yet
    after(request, response)   the upstream has answered, the program has not heard of it

Each returns an action, or None to let things go on: `Drop` (close the connection without an answer), `Delay`, `Reply`
(answer this instead). A hook is a coroutine function, so that it can as well wait for an event, or kill the program at
exactly this request. Watches and other chunked streams pass through chunk by chunk, WebSockets frame by frame; for
these `after` is called once the upstream has accepted, with an empty body.

    async with Proxy("http://127.0.0.1:8080") as proxy:
        proxy.after(once(matching("POST", r"/orderreceipts$"), Drop()))
"""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import aiohttp
import orjson
from aiohttp import web
from yarl import URL

_HOP_BY_HOP: Final = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "host", "content-length",
})  # fmt: skip


@dataclass(frozen=True)
class Request:
    """A request of the program under test."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the program sent
        return orjson.loads(self.body)


@dataclass(frozen=True)
class Response:
    """The upstream's answer; the body of a stream is empty."""

    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Drop:
    """Close the connection; the program hears nothing."""


@dataclass(frozen=True)
class Delay:
    """Go on after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Reply:
    """Answer this; in `before` the upstream never hears of the request."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Action = Drop | Delay | Reply
Before = Callable[[Request], Awaitable[Action | None]]
After = Callable[[Request, Response], Awaitable[Action | None]]
Matcher = Callable[[Request], bool]


@dataclass(frozen=True)
class Exchange:
    """What went over the wire: `response` is the upstream's, None where it was not asked or did not answer."""

    request: Request
    response: Response | None


def matching(method: str, path: str, body: bytes = b"") -> Matcher:
    """Requests of a method whose path matches a regular expression (anywhere) and whose body contains `body`."""
    pattern = re.compile(path)
    return lambda request: request.method == method and bool(pattern.search(request.path)) and body in request.body


def always(matcher: Matcher, action: Action) -> Callable[..., Awaitable[Action | None]]:
    """A hook, for `before` or `after`, that does this to each request that matches."""

    async def hook(request: Request, _response: Response | None = None) -> Action | None:
        return action if matcher(request) else None

    return hook


def once(matcher: Matcher, action: Action) -> Callable[..., Awaitable[Action | None]]:
    """A hook, for `before` or `after`, that does this to the first request that matches."""
    left = [action]

    async def hook(request: Request, _response: Response | None = None) -> Action | None:
        return left.pop() if left and matcher(request) else None

    return hook


class Proxy:
    """One upstream behind one free loopback port. Belongs to one event loop."""

    def __init__(self, upstream: str, tls: ssl.SSLContext | None = None) -> None:
        self.exchanges: list[Exchange] = []
        self._upstream = URL(upstream)
        self._tls = tls
        self._before: list[Before] = []
        self._after: list[After] = []
        self._stack = contextlib.AsyncExitStack()
        self._session: aiohttp.ClientSession | None = None
        self._streams: list[aiohttp.ClientResponse] = []
        self._url = ""

    @property
    def url(self) -> str:
        """Where the program under test finds the proxy."""
        return self._url

    def before(self, hook: Before) -> None:
        """Ask this hook before a request is forwarded; the first action other than None counts."""
        self._before.append(hook)

    def after(self, hook: After) -> None:
        """Ask this hook when the upstream has answered; the first action other than None counts."""
        self._after.append(hook)

    def cut(self) -> None:
        """Break off the watches and other streams that pass through now."""
        streams, self._streams = self._streams, []
        for answer in streams:
            answer.close()

    def clear(self) -> None:
        """Forget all hooks and what went over the wire."""
        self._before.clear()
        self._after.clear()
        self.exchanges.clear()

    def seen(self, method: str, path: str = "") -> list[Request]:
        """The requests so far, by method and regular expression of the path."""
        matches = matching(method, path)
        return [exchange.request for exchange in self.exchanges if matches(exchange.request)]

    def write_kubeconfig(self, path: Path, namespace: str = "default") -> Path:
        """Write a kubeconfig that leads to the proxy. The proxy has the credentials, the program needs none."""
        context = {"cluster": "proxy", "user": "proxy", "namespace": namespace}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "proxy",
            "clusters": [{"name": "proxy", "cluster": {"server": self._url}}],
            "users": [{"name": "proxy", "user": {}}],
            "contexts": [{"name": "proxy", "context": context}],
        }
        path.write_bytes(orjson.dumps(config))  # JSON is YAML
        return path

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=0, ssl=self._tls if self._tls is not None else True)
        self._session = await self._stack.enter_async_context(
            aiohttp.ClientSession(connector=connector, auto_decompress=False, timeout=aiohttp.ClientTimeout())
        )
        self._session._retry_connection = False  # a proxy forwards once
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self._url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _handle(self, incoming: web.Request) -> web.StreamResponse:
        request = Request(
            incoming.method, incoming.path, dict(incoming.query), dict(incoming.headers), await incoming.read()
        )
        for before in self._before:
            if (action := await before(request)) is not None:
                if not isinstance(action, Delay):
                    self.exchanges.append(Exchange(request, None))
                    return _act(incoming, action)
                await asyncio.sleep(action.seconds)
        if incoming.headers.get("Upgrade", "").lower() == "websocket":
            return await self._bridge(incoming, request)
        return await self._forward(incoming, request)

    async def _forward(self, incoming: web.Request, request: Request) -> web.StreamResponse:
        assert self._session is not None, "use the proxy as a context manager"
        # The raw target: a signed query must arrive byte for byte.
        target = URL(str(self._upstream).rstrip("/") + incoming.raw_path, encoded=True)
        try:
            async with self._session.request(
                request.method,
                target,
                headers=_passed_on(request.headers),
                data=request.body or None,
                allow_redirects=False,
            ) as answer:
                streams = "watch" in request.query and answer.status == 200
                body = b"" if streams else await answer.read()
                response = Response(answer.status, dict(answer.headers), body)
                self.exchanges.append(Exchange(request, response))
                if (action := await self._judge(request, response)) is not None:
                    return _act(incoming, action)
                if streams:
                    self._streams.append(answer)
                    return await _stream(incoming, answer)
                return web.Response(status=response.status, headers=_passed_on(response.headers), body=body)
        except (aiohttp.ClientError, OSError):
            # An upstream that is away looks to the program as it would without a proxy.
            self.exchanges.append(Exchange(request, None))
            return _act(incoming, Drop())

    async def _judge(self, request: Request, response: Response) -> Action | None:
        for after in self._after:
            action = await after(request, response)
            if isinstance(action, Delay):
                await asyncio.sleep(action.seconds)
            elif action is not None:
                return action
        return None

    async def _bridge(self, incoming: web.Request, request: Request) -> web.StreamResponse:
        assert self._session is not None, "use the proxy as a context manager"
        target = URL(str(self._upstream).rstrip("/") + incoming.raw_path, encoded=True)
        try:
            async with self._session.ws_connect(target) as upstream:
                response = Response(101, {}, b"")
                self.exchanges.append(Exchange(request, response))
                if (action := await self._judge(request, response)) is not None:
                    return _act(incoming, action)
                downstream = web.WebSocketResponse()
                await downstream.prepare(incoming)
                await _both_ways(downstream, upstream)
                return downstream
        except (aiohttp.ClientError, OSError):
            return _act(incoming, Drop())


class Switch:
    """Everything that goes through a proxy is lost while it is off."""

    def __init__(self, proxy: Proxy) -> None:
        self.off = False
        proxy.before(self._hook)

    async def _hook(self, _: Request) -> Action | None:
        return Drop() if self.off else None


def _act(incoming: web.Request, action: Action) -> web.StreamResponse:
    if isinstance(action, Reply):
        return web.Response(status=action.status, body=action.body, headers=action.headers)
    if incoming.transport is not None:
        incoming.transport.abort()
    return web.Response()


def _passed_on(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}


async def _stream(incoming: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    outgoing = web.StreamResponse(status=answer.status, headers=_passed_on(dict(answer.headers)))
    outgoing.enable_chunked_encoding()
    await outgoing.prepare(incoming)
    with contextlib.suppress(ConnectionError, aiohttp.ClientError):
        async for chunk in answer.content.iter_any():
            await outgoing.write(chunk)
        await outgoing.write_eof()
    return outgoing


async def _both_ways(downstream: web.WebSocketResponse, upstream: aiohttp.ClientWebSocketResponse) -> None:
    pumps = [asyncio.create_task(_pump(downstream, upstream)), asyncio.create_task(_pump(upstream, downstream))]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        await downstream.close()
        await upstream.close()


_Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: _Socket, sink: _Socket) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await sink.send_bytes(message.data)
