"""The floor: a program that fills orders with raw HTTP and raw ccxt, and does nothing else.

It makes the calls that the operator makes, in the same order, and leaves everything out that makes the operator one:
no journal is read, no rule is asked, no failure is handled. What it writes is what the operator wrote for an order of
the same kind, with other names in it (`Templates`), so that the API server has the same work with both.

It is a process of its own, like the operator, and has its own loopback address, because the venue counts request
weight by address and the operator must not be charged with the floor's.
"""

import asyncio
import copy
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import ccxt.async_support as ccxt
import orjson

from bench.client import ApiServer, api_server
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.identity import Identity, client_order_id, fingerprint, identity_of, to_record
from exchange_kernel.kube.resources import INTENTS, RECEIPTS

Json = Any
ADDRESS = "127.0.0.2"
FINALIZER = "exchangekernel.dev/cancel-order"
CLAIMED = "exchangekernel.dev/claimed-uid"


@dataclass(frozen=True)
class Templates:
    """What the operator wrote for one order, to be written for others."""

    receipt: Json
    status: Json

    def pending(self, identity: Identity, intent: Json, order_id: str) -> Json:
        """The receipt as it is created, before the request."""
        receipt = copy.deepcopy(self.receipt)
        receipt["metadata"] = {"name": identity.receipt_name, "finalizers": receipt["metadata"]["finalizers"]}
        receipt["identity"] = to_record(identity).to_object()
        meta = intent["metadata"]
        receipt["claimant"] = {"namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
        receipt["fingerprint"] = fingerprint(OrderIntent.from_object(intent), intent["spec"]["quantity"])
        receipt["outcome"] = "Pending"
        receipt["placements"][0] |= {"clientOrderId": order_id, "outcome": "Pending"}
        for name in ("exchangeOrderId", "resolvedAt"):
            receipt["placements"][0].pop(name, None)
        return receipt

    def placed(self, stored: Json, exchange_id: str) -> Json:
        """The receipt after the answer."""
        proven = {
            "outcome": "Placed",
            "exchangeOrderId": exchange_id,
            "resolvedAt": self.receipt["placements"][0]["resolvedAt"],
        }
        placements = [{**stored["placements"][0], **proven}]
        return {**stored, "outcome": self.receipt["outcome"], "placements": placements}

    def status_patch(self, version: str, order_id: str, exchange_id: str) -> Json:
        ids = {"clientOrderId": order_id, "exchangeOrderId": exchange_id}
        return {"metadata": {"resourceVersion": version}, "status": self.status | ids}


class RawOperator:
    """Fills every OrderIntent that appears in one namespace."""

    def __init__(self, api: ApiServer, exchange: Any, told: Json) -> None:  # noqa: ANN401 - ccxt
        self._api, self._exchange = api, exchange
        self._namespace, self._journal = told["namespace"], told["journal"]
        self._templates = Templates(told["receipt"], told["status"])
        self._asks = told["lookUp"]
        self._gate = asyncio.Semaphore(told["concurrency"])

    async def run(self, ready: Path) -> None:
        since = await self._api.version_of(INTENTS, self._namespace)
        running: set[asyncio.Task[None]] = set()
        ready.write_text("{}")  # noqa: ASYNC240 - two bytes, before anything is measured
        async for event in self._api.watch(INTENTS, self._namespace, since):
            if event["type"] == "ADDED":
                task = asyncio.create_task(self._fill(event["object"]))
                running.add(task)
                task.add_done_callback(running.discard)

    async def _fill(self, intent: Json) -> None:
        async with self._gate:
            identity = identity_of(OrderIntent.from_object(intent))
            order_id = client_order_id(identity, 0, 1)
            receipt, held, _ = await asyncio.gather(
                self._api.create(RECEIPTS, self._journal, self._templates.pending(identity, intent, order_id)),
                self._hold(intent),
                self._look_up(order_id),
            )
            spec = intent["spec"]
            order = await self._exchange.create_order(
                spec["symbol"],
                "market",
                spec["side"].lower(),
                float(spec["quantity"]),
                None,
                {"newClientOrderId": order_id},
            )
            await asyncio.gather(self._say(held, order_id, order["id"]), self._record(receipt, order["id"]))

    async def _hold(self, intent: Json) -> Json:
        meta = intent["metadata"]
        operations = [
            {"op": "test", "path": "/metadata/uid", "value": meta["uid"]},
            {"op": "test", "path": "/metadata/resourceVersion", "value": meta["resourceVersion"]},
            {"op": "add", "path": "/metadata/finalizers", "value": [FINALIZER]},
            {"op": "add", "path": "/metadata/annotations", "value": {CLAIMED: meta["uid"]}},
        ]
        path = INTENTS.path(self._namespace, meta["name"])
        return await self._api.send("PATCH", path, operations, "application/json-patch+json")

    async def _look_up(self, order_id: str) -> None:
        if not self._asks:
            return
        try:
            await self._exchange.privateGetOrder({"symbol": "BTCUSDT", "origClientOrderId": order_id})
        except ccxt.OrderNotFound:
            return
        raise RuntimeError("the venue has an order that was not sent")

    async def _say(self, held: Json, order_id: str, exchange_id: str) -> None:
        meta = held["metadata"]
        body = self._templates.status_patch(meta["resourceVersion"], order_id, exchange_id)
        path = INTENTS.path(self._namespace, meta["name"], "status")
        await self._api.send("PATCH", path, body, "application/merge-patch+json")

    async def _record(self, stored: Json, exchange_id: str) -> None:
        path = RECEIPTS.path(self._journal, stored["metadata"]["name"])
        await self._api.send("PUT", path, self._templates.placed(stored, exchange_id))


async def main(told: Json) -> None:
    connector = aiohttp.TCPConnector(limit=64, local_addr=(ADDRESS, 0), happy_eyeballs_delay=None)
    async with (
        api_server(Path(told["kubeconfig"])) as api,
        aiohttp.ClientSession(connector=connector) as session,
    ):
        exchange = ccxt.binance(
            {
                "apiKey": told["key"],
                "secret": told["secret"],
                "enableRateLimit": False,
                "options": {
                    "defaultType": "spot",
                    "fetchCurrencies": False,
                    "fetchMargins": False,
                    "fetchMarkets": {"types": ["spot"]},
                },
                "session": session,
            }
        )
        base = told["venue"] + "/api/v3"
        exchange.urls["api"] = dict.fromkeys(exchange.urls["api"], base)
        await exchange.load_markets()
        await RawOperator(api, exchange, told).run(Path(told["ready"]))


if __name__ == "__main__":
    asyncio.run(main(orjson.loads(Path(sys.argv[1]).read_bytes())))
