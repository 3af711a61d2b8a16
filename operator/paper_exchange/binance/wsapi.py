"""The WS-API transport: requests in text frames, the same endpoints as REST, and the user data streams."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Final

import orjson
from aiohttp import web

from paper_exchange.answering import Answer, Delivery, Json, Work
from paper_exchange.binance import auth, errors
from paper_exchange.binance.auth import Security
from paper_exchange.binance.connection import Connection
from paper_exchange.binance.endpoint import Call, Endpoint
from paper_exchange.binance.endpoints import WS
from paper_exchange.binance.errors import VenueError
from paper_exchange.binance.gateway import Gateway, Incoming, refused_with
from paper_exchange.binance.params import Params
from paper_exchange.binance.sessions import Sessions, StreamKind
from paper_exchange.binance.streams import Subscription, UserStreams
from paper_exchange.venue import Venue

WEIGHT: Final = 2
"""Of everything that concerns subscriptions."""


class WsApi:
    """Answers `/ws-api/v3`."""

    def __init__(self, gateway: Gateway, streams: UserStreams, sessions: Sessions) -> None:
        self._gateway = gateway
        self._streams = streams
        self._sessions = sessions
        self._running: set[asyncio.Task[None]] = set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serves one websocket until it ends."""
        session = _Session(request, self._gateway, self._streams, self._start)
        self._sessions.add(session)
        try:
            return await session.run()
        finally:
            self._sessions.discard(session)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        """Runs a request to its end, also when the client has gone: what was asked for is done."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def stop(self) -> None:
        """Abandons the requests that still wait."""
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


class _Session:
    """A WS-API connection with its subscriptions."""

    kind = StreamKind.USER

    def __init__(
        self,
        request: web.BaseRequest,
        gateway: Gateway,
        streams: UserStreams,
        start: Callable[[Coroutine[None, None, None]], None],
    ) -> None:
        self._start = start
        self.connection = Connection(request)
        self._gateway = gateway
        self._streams = streams
        self._remote = request.remote or ""
        self._subscriptions: dict[int, Subscription] = {}
        self._next_id = 0
        self._endpoints = {
            **WS,
            "userDataStream.subscribe.signature": self._own(self._prepare_subscribe, Security.USER_DATA),
            "userDataStream.unsubscribe": self._own(self._prepare_unsubscribe, Security.NONE),
            "session.subscriptions": self._own(self._prepare_list, Security.NONE),
        }

    async def run(self) -> web.StreamResponse:
        try:
            return await self.connection.run(self._on_text)
        finally:
            for subscription in self._subscriptions.values():
                self._streams.remove(subscription)

    # --- what can be done to it on demand

    def follows(self, account: str) -> bool:
        return any(subscription.account == account for subscription in self._subscriptions.values())

    def announce_shutdown(self, now_ms: int) -> None:
        self.connection.send(orjson.dumps({"event": {"e": "serverShutdown", "E": now_ms}}).decode())

    def terminate(self, now_ms: int) -> None:
        for subscription_id in list(self._subscriptions):
            self._end(subscription_id, now_ms)

    def _end(self, subscription_id: int, now_ms: int) -> None:
        """Ends a subscription; its last event says so."""
        self._streams.remove(self._subscriptions.pop(subscription_id))
        event = {"subscriptionId": subscription_id, "event": {"e": "eventStreamTerminated", "E": now_ms}}
        self.connection.send(orjson.dumps(event).decode())

    # --- requests

    def _on_text(self, text: str) -> None:
        """One task per request: a slow one must not hold up those behind it."""
        self._start(self._serve(text))

    async def _serve(self, text: str) -> None:
        identifier: Json = None
        limits: list[Json] | None = None
        try:
            message = _parse(text)
            identifier = message.get("id")
            incoming = self._incoming(message)
            with_limits = incoming.params.boolean("returnRateLimits", default=True)
            answer = await self._gateway.serve(incoming)
            limits = self._gateway.rate_limits(incoming, answer.account) if with_limits else None
        except VenueError as refusal:
            answer = refused_with(refusal)
        self._deliver(identifier, answer, limits)

    def _incoming(self, message: dict[str, Json]) -> Incoming:
        method = str(message.get("method", "")).removeprefix("v3/")
        endpoint = self._endpoints.get(method)
        if endpoint is None:
            raise errors.UNSUPPORTED_OPERATION
        sent = message.get("params") or {}
        if not isinstance(sent, dict):
            raise errors.BAD_JSON
        texts = {name: auth.as_text(value) for name, value in sent.items()}
        params = Params(texts)
        return Incoming(
            method="WS",
            path=method,
            endpoint=endpoint,
            params=params,
            api_key=params.optional("apiKey"),
            payload=auth.wsapi_payload(sent),
            remote=self._remote,
        )

    def _deliver(self, identifier: Json, answer: Answer, limits: list[Json] | None) -> None:
        connection = self.connection
        match answer.delivery:
            case Delivery.RST:
                connection.reset()
            case Delivery.FIN | Delivery.CLOSE:
                connection.close(answer.close_code)
            case Delivery.STALL:
                connection.stall()
            case Delivery.WHOLE:
                connection.send(_frame(identifier, answer, limits))
            case _:
                text = _frame(identifier, answer, limits)
                connection.send(text[: len(text) // 2])

    # --- subscriptions

    def _own(self, prepare: Callable[[Venue, Call], Work], security: Security) -> Endpoint:
        return Endpoint(prepare=prepare, security=security, weight=lambda _params: WEIGHT)

    def _prepare_subscribe(self, _venue: Venue, call: Call) -> Work:
        call.params.finish()
        return partial(self._subscribe, call.account)

    def _subscribe(self, account: str) -> Json:
        if any(subscription.account == account for subscription in self._subscriptions.values()):
            raise errors.SUBSCRIPTION_ACTIVE
        subscription = Subscription(self.connection, self._next_id, account)
        self._next_id += 1
        self._subscriptions[subscription.subscription_id] = subscription
        self._streams.add(subscription)
        return {"subscriptionId": subscription.subscription_id}

    def _prepare_unsubscribe(self, venue: Venue, call: Call) -> Work:
        wanted = call.params.integer("subscriptionId")
        call.params.finish()
        return partial(self._unsubscribe, wanted, venue.now_ms())

    def _unsubscribe(self, wanted: int | None, now_ms: int) -> Json:
        if wanted is not None and wanted not in self._subscriptions:
            raise errors.SUBSCRIPTION_INACTIVE
        for subscription_id in [wanted] if wanted is not None else list(self._subscriptions):
            self._end(subscription_id, now_ms)
        return {}

    def _prepare_list(self, _venue: Venue, call: Call) -> Work:
        call.params.finish()
        return lambda: [{"subscriptionId": subscription_id} for subscription_id in self._subscriptions]


def _parse(text: str) -> dict[str, Json]:
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise errors.BAD_JSON from None
    if not isinstance(message, dict):
        raise errors.BAD_JSON
    return message


def _frame(identifier: Json, answer: Answer, limits: list[Json] | None) -> str:
    """The text of an answer; what a fault put in its place is wrapped if it is JSON, and sent bare if not."""
    outcome: Json = answer.result
    failed = answer.code != 0
    if answer.raw is not None:
        failed = answer.status != 200
        try:
            outcome = orjson.loads(answer.raw)
        except orjson.JSONDecodeError:
            return answer.raw.decode("utf-8", "replace")
    name = "error" if failed else "result"
    frame = {"id": identifier, "status": answer.status, name: outcome}
    if limits is not None:
        frame["rateLimits"] = limits
    return orjson.dumps(frame).decode()
