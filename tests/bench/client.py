"""The user's side: creates OrderIntents with raw HTTP and watches what becomes of them."""

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
import orjson

from exchange_kernel.kube.connection import ConnectionSettings, connect
from exchange_kernel.kube.resources import INTENTS, Resource
from support import manifests

Json = Any
DONE_SECONDS = 60.0


@dataclass(frozen=True)
class ApiServer:
    """Raw HTTP to the API server: one session with kept-alive connections, no retries, no checks."""

    session: aiohttp.ClientSession
    url: str

    async def send(self, method: str, path: str, body: Json = None, content_type: str = "application/json") -> Json:
        data = None if body is None else orjson.dumps(body)
        headers = {"Content-Type": content_type}
        async with self.session.request(method, self.url + path, data=data, headers=headers) as answer:
            content = await answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:500]!r}")
        return orjson.loads(content)

    async def create(self, resource: Resource, namespace: str, body: Json) -> Json:
        return await self.send("POST", resource.path(namespace), body)

    async def watch(self, resource: Resource, namespace: str, since: str) -> AsyncIterator[Json]:
        """Watch events as they come. A server ends watches when it likes; the next one goes on where it stopped."""
        timeout = aiohttp.ClientTimeout(total=None, sock_read=None)
        while True:
            query = f"?watch=1&resourceVersion={since}&timeoutSeconds=600"
            async with self.session.get(self.url + resource.path(namespace) + query, timeout=timeout) as answer:
                async for line in answer.content:
                    event = orjson.loads(line)
                    if event["type"] == "ERROR":
                        raise RuntimeError(f"the watch has failed: {event['object']}")
                    since = event["object"]["metadata"]["resourceVersion"]
                    yield event

    async def version_of(self, resource: Resource, namespace: str) -> str:
        """The collection's resourceVersion, to watch from."""
        return (await self.send("GET", resource.path(namespace) + "?limit=1"))["metadata"]["resourceVersion"]


@contextlib.asynccontextmanager
async def api_server(kubeconfig: Any, connections: int = 128) -> AsyncIterator[ApiServer]:  # noqa: ANN401 - a path
    connection = connect(ConnectionSettings(kubeconfig), {})
    connector = aiohttp.TCPConnector(limit=connections, ssl=connection.ssl_context() or True)
    async with aiohttp.ClientSession(connector=connector, read_bufsize=2**22) as session:
        yield ApiServer(session, connection.server)


@dataclass
class Order:
    """One order of the benchmark; times are seconds of the wall clock, which the venue's log has too."""

    name: str
    created_at: float = 0.0
    done_at: float = 0.0
    obj: Json = None
    done: asyncio.Event = field(default_factory=asyncio.Event, repr=False)


class Side:
    """One namespace with one account, and who fills its orders: the operator, or the raw program."""

    def __init__(self, api: ApiServer, namespace: str, account: str, wanted: Iterable[str] = ("Filled",)) -> None:
        self.namespace, self.account = namespace, account
        self._api = api
        self._wanted = frozenset(wanted)
        self._orders: dict[str, Order] = {}
        self._numbers = itertools.count(1)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        since = await self._api.version_of(INTENTS, self.namespace)
        self._task = asyncio.create_task(self._watch(since))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self, since: str) -> None:
        async for event in self._api.watch(INTENTS, self.namespace, since):
            obj = event["object"]
            order = self._orders.get(obj["metadata"]["name"])
            if order is not None and not order.done.is_set() and obj.get("status", {}).get("state") in self._wanted:
                order.done_at, order.obj = time.time(), obj
                order.done.set()

    async def order(self, **spec: object) -> Order:
        """Create one OrderIntent: a market order for 0.0001 BTC unless told otherwise.

        Buys and sells take turns: thousands on one side would empty the book.
        """
        number = next(self._numbers)
        order = Order(f"o{number}-{secrets.token_hex(3)}")
        self._orders[order.name] = order
        side = "Sell" if number % 2 and "price" not in spec else "Buy"
        told = {"side": side, "type": "Market", "quantity": "0.0001", **spec}
        body = manifests.intent(self.namespace, order.name, self.account, **told)
        order.created_at = time.time()
        await self._api.create(INTENTS, self.namespace, body)
        return order

    async def finished(self, order: Order) -> Order:
        """Wait until the order is done. Raises where the watch has failed, or the order takes too long."""
        assert self._task is not None, "use the side as a context manager"
        done = asyncio.ensure_future(order.done.wait())
        await asyncio.wait({done, self._task}, timeout=DONE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not order.done.is_set():
            done.cancel()
            if self._task.done():
                self._task.result()
            found = await self._api.send("GET", INTENTS.path(self.namespace, order.name))
            raise TimeoutError(f"{order.name} is not done: {found.get('status')}")
        return order

    async def burst(self, count: int, creators: int, **spec: object) -> list[Order]:
        """Create many at once, so many POSTs at a time, and wait until all are done."""
        gate = asyncio.Semaphore(creators)

        async def one() -> Order:
            async with gate:
                order = await self.order(**spec)
            return await self.finished(order)

        return list(await asyncio.gather(*(one() for _ in range(count))))
