"""An API server for the strategies' interface: it gives these pages and watches, and logs what is asked of it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

import orjson

from exchange_kernel.client.cluster import Cluster
from exchange_kernel.client.events import BaseEvent
from exchange_kernel.client.kernel import KubernetesExchangeKernel
from exchange_kernel.client.manifests import Desk
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.resources import ACCOUNT_STATES, GROUPS, INTENTS, Resource
from exchange_kernel.kube.retry import Patience
from exchange_kernel.kube.transport import Answer, Request
from support import manifests
from support.kube_fakes import answer, intent_object, stored

Json = dict[str, Any]
TOO_OLD: Final[Json] = {
    "type": "ERROR",
    "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "old"},
}
LISTED = {resource: f"list {resource.plural}" for resource in (INTENTS, GROUPS, ACCOUNT_STATES)}


class Wire:
    """Gives these pages of each kind, then empty ones, and these watches of orders; after them it is silent.

    Attributes:
        log: What was asked for, and what `tell` was told, in order.
        queries: Of the lists of orders.
        silent: Set when all watches have been given.
        gates: What a list of this kind waits for; `held` is set while one does.
    """

    def __init__(self, pages: Mapping[Resource, list[Answer]], watches: list[list[Json]] | None = None) -> None:
        self.log: list[str] = []
        self.queries: list[Json] = []
        self.silent, self.held = asyncio.Event(), asyncio.Event()
        self.gates: dict[Resource, asyncio.Event] = {}
        self._pages, self._watches = pages, watches or []

    async def send(self, request: Request, *, renew_login: bool = False) -> Answer:
        assert not renew_login
        await asyncio.sleep(0)  # as a socket does: others have their turn
        if request.method == "POST":
            return answer(201, {"status": {"allowed": True}})
        resource = next(resource for resource in LISTED if request.path.endswith(f"/{resource.plural}"))
        self.log.append(LISTED[resource])
        if resource is INTENTS:
            self.queries.append(dict(request.query))
        if resource in self.gates:
            self.held.set()
            await self.gates[resource].wait()
        pages = self._pages.get(resource)
        return pages.pop(0) if pages else page()

    async def lines(self, request: Request, *, silence: float) -> AsyncGenerator[bytes, None]:
        assert silence > 0
        if request.path == INTENTS.path("desk"):
            for event in self._watches.pop(0) if self._watches else ():
                yield orjson.dumps(event)
                if event is TOO_OLD:
                    return
            self.silent.set()
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.log.append("close")

    def tell(self, event: BaseEvent) -> None:
        self.log.append(f"{event.event_type}/{event.event_id.split('/')[0]}")

    @property
    def told(self) -> list[str]:
        """What was told alone."""
        return [said for said in self.log if "/" in said]

    def cluster(self) -> Cluster:
        """The way to it, for somebody who does not try twice."""
        client = ApiClient(self, patience=Patience(total_seconds=0.0))
        return Cluster(Desk("desk", "trading-accounts", "paper"), client, self, 1.0)

    def kernel(self) -> KubernetesExchangeKernel:
        """A kernel that is connected to it, and tells it what it tells."""
        kernel = KubernetesExchangeKernel("trading-accounts/paper", namespace="desk")
        kernel._opened = self.cluster()
        kernel.subscribe_events(self.tell)
        return kernel


def page(*items: Json, more: str = "") -> Answer:
    return answer(200, {"items": items, "metadata": {"resourceVersion": "50", "continue": more}})


def order(name: str, version: int, uid: str = "", **status: object) -> Json:
    said = {"state": "Open", "clientOrderId": name, **status}
    return stored(intent_object(name), uid=uid or name, resourceVersion=str(version)) | {"status": said}


def group(name: str) -> Json:
    legs = [{"name": leg, "side": "Sell", "type": "Limit", "price": price} for leg, price in (("a", "9"), ("b", "8"))]
    made = manifests.group("desk", name, "paper", legs, type="OCO", quantity="1")
    return stored(made, uid=name) | {"status": {"state": "Working"}}


def account() -> Json:
    return stored({"metadata": {"namespace": "trading-accounts", "name": "paper"}}, uid="paper")
