"""Many orders that work already, without the time that placing them through an operator would take.

Each is what an operator leaves behind: an order at the venue, an OrderIntent with its finalizer and status, and a
receipt. All are copies of one that the operator has placed, with names and ids of their own.
"""

import asyncio
import copy
from collections.abc import Callable
from typing import Any

import aiohttp
import ccxt.async_support as ccxt

from bench.client import ApiServer
from bench.raw import ADDRESS, FINALIZER
from bench.stack import ACCOUNT, BASES, JOURNAL, Desk, Stack
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.identity import client_order_id, fingerprint, identity_of, to_record
from exchange_kernel.kube.resources import INTENTS, RECEIPTS
from paper_exchange.ccxt_config import ccxt_config
from support import manifests

Json = Any
AT_ONCE = 12
SPEC = {"type": "Limit", "price": "50", "quantity": "0.2"}


async def rest(stack: Stack, desk: Desk, count: int, say: Callable[[str], None]) -> None:
    """Let so many orders work on a desk's account, and nobody look after them."""
    sample, receipt = await _sample(stack, desk)
    connector = aiohttp.TCPConnector(limit=AT_ONCE, local_addr=(ADDRESS, 0), happy_eyeballs_delay=None)
    async with aiohttp.ClientSession(connector=connector) as session:
        venue = ccxt.binance({
            **ccxt_config(stack.venue["url"], api_key=desk.key, secret=desk.secret),
            "enableRateLimit": False,
            "session": session,
        })  # fmt: skip
        maker = _Maker(stack.api, venue, desk, sample, receipt)
        numbers = iter(range(count))

        async def work() -> None:
            for number in numbers:
                await maker.make(number)
                if number and number % 1000 == 0:
                    say(f"  {number} orders work")

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        await venue.close()


async def _sample(stack: Stack, desk: Desk) -> tuple[Json, Json]:
    """An order that the operator has placed, and its receipt."""
    async with stack.operator(desk), desk.side(stack.api, "Open") as side:
        order = await side.finished(await side.order(symbol=f"{BASES[0]}/USDT", **SPEC))
        return order.obj, await stack.receipt_of(order.obj)


class _Maker:
    def __init__(self, api: ApiServer, venue: Json, desk: Desk, sample: Json, receipt: Json) -> None:
        self._api, self._venue, self._desk = api, venue, desk
        self._sample, self._receipt = sample, receipt

    async def make(self, number: int) -> None:
        """One order: at the venue, in the journal, and as an object."""
        base = BASES[number % len(BASES)]
        body = manifests.intent(self._desk.namespace, f"w{number:05}", ACCOUNT, symbol=f"{base}/USDT", **SPEC)
        body["metadata"]["finalizers"] = [FINALIZER]
        intent = await self._api.create(INTENTS, self._desk.namespace, body)
        identity = identity_of(OrderIntent.from_object(intent))
        order_id = client_order_id(identity, 0, 1)
        order = await self._venue.privatePostOrder({
            "symbol": f"{base}USDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": SPEC["quantity"],
            "price": SPEC["price"], "newClientOrderId": order_id,
        })  # fmt: skip
        exchange_id, meta = str(order["orderId"]), intent["metadata"]
        receipt = copy.deepcopy(self._receipt)
        receipt["metadata"] = {"name": identity.receipt_name, "finalizers": receipt["metadata"]["finalizers"]}
        receipt["identity"] = to_record(identity).to_object()
        receipt["claimant"] = {"namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
        receipt["fingerprint"] = fingerprint(OrderIntent.from_object(intent), SPEC["quantity"])
        receipt["placements"][0] |= {"clientOrderId": order_id, "exchangeOrderId": exchange_id}
        status = self._sample["status"] | {"clientOrderId": order_id, "exchangeOrderId": exchange_id}
        path = INTENTS.path(self._desk.namespace, meta["name"], "status")
        await asyncio.gather(
            self._api.create(RECEIPTS, JOURNAL, receipt),
            self._api.send("PATCH", path, {"status": status}, "application/merge-patch+json"),
        )
