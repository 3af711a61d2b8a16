"""The operator is killed (SIGKILL) at each request that it makes while placing and canceling, and started again.

Each request is a crash point twice: before it takes effect (the operator dies, the request is lost) and after (it took
effect, the operator dies without having heard of it). Whatever the point: exactly one order at the venue, ever, and
nothing that the user asked for is lost.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from exchange_kernel.kube.resources import INTENTS
from support.operator_process import OperatorProcess
from support.proxy import Action, Drop, Matcher, Proxy, Request, Response, matching
from support.stack import Stack

# S + R + M + 1 of this set-up (S is 1 s, R 5 s and M 15 s at Binance), and what a start takes beside other tests.
FENCE = 22.0
WAIT = FENCE + 50.0

Json = Any


@dataclass(frozen=True)
class Point:
    """One request of the operator; `at` is the side on which it is seen."""

    name: str
    at: str
    matches: Matcher


PLACING = (
    Point("the receipt's POST", "api", matching("POST", r"/orderreceipts$")),
    Point("the finalizer's PATCH", "api", matching("PATCH", r"/orderintents/buy$")),
    Point("the look-up", "venue", matching("GET", r"/api/v3/order$")),
    Point("the order's POST", "venue", matching("POST", r"/api/v3/order$")),
    Point("the receipt's PUT", "api", matching("PUT", r"/orderreceipts/", b'"Placed"')),
    Point("the status' PATCH", "api", matching("PATCH", r"/orderintents/buy/status$", b'"Open"')),
)
CANCELING = (
    Point("the cancel", "venue", matching("DELETE", r"/api/v3/order$")),
    Point("the reading back", "venue", matching("GET", r"/api/v3/order$")),
    Point("the receipt's PUT", "api", matching("PUT", r"/orderreceipts/")),
    Point("the finalizer's PATCH", "api", matching("PATCH", r"/orderintents/buy$")),
)
MOMENTS = ("before it takes effect", "after it took effect")


class Killer:
    """Kills the operator at the first request that matches, and lets nothing through from it afterwards."""

    def __init__(self, operator: OperatorProcess, matches: Matcher, moment: str) -> None:
        self._operator = operator
        self._matches = matches
        self._before = moment == MOMENTS[0]
        self.struck = False

    def watch(self, proxy: Proxy) -> None:
        proxy.before(self._on_request)
        proxy.after(self._on_answer)

    async def _on_request(self, request: Request) -> Action | None:
        return self._strike() if self._before and not self.struck and self._matches(request) else None

    async def _on_answer(self, request: Request, _: Response) -> Action | None:
        return self._strike() if not self._before and not self.struck and self._matches(request) else None

    def _strike(self) -> Action:
        self.struck = True
        self._operator.kill()
        return Drop()


async def _set_up(stack: Stack) -> tuple[OperatorProcess, dict[str, Proxy]]:
    """A running operator with both of its sides behind proxies, and a ready account."""
    api, venue = await stack.api_proxy(), await stack.venue_proxy()
    config = api.write_kubeconfig(stack.folder / "proxied.kubeconfig")
    operator = await stack.start_operator(kubeconfig=config, allowed_endpoints=venue.url, poll_interval=2)
    await stack.open_account(endpoint=venue.url, defaults={"startingDeadlineSeconds": 600})
    await stack.account_ready()
    return operator, {"api": api, "venue": venue}


async def _crash_and_restart(
    operator: OperatorProcess, proxies: dict[str, Proxy], point: Point, moment: str, act: Callable[[], Awaitable[Json]]
) -> None:
    killer = Killer(operator, point.matches, moment)
    killer.watch(proxies[point.at])
    await act()
    assert await operator.ended() == -9
    assert killer.struck
    await operator.start()


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("point", PLACING, ids=lambda point: point.name)
async def test_a_crash_while_placing_gives_exactly_one_order(stack: Stack, point: Point, moment: str) -> None:
    operator, proxies = await _set_up(stack)
    await _crash_and_restart(operator, proxies, point, moment, lambda: stack.order("buy"))
    obj = await stack.until_state("buy", "Open", seconds=WAIT)
    order = await stack.exactly_one_order()
    assert obj["status"]["exchangeOrderId"] == str(order["orderId"])
    (receipt,) = await stack.receipts()
    assert [p["outcome"] for p in receipt["placements"]].count("Placed") == 1
    # The order is as much the operator's as one that was placed in peace.
    await stack.delete("buy")
    await stack.until_gone("buy")
    assert (await stack.exactly_one_order())["status"] == "CANCELED"


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("point", CANCELING, ids=lambda point: point.name)
async def test_a_crash_while_canceling_still_cancels(stack: Stack, point: Point, moment: str) -> None:
    operator, proxies = await _set_up(stack)
    await stack.order("buy")
    await stack.until_state("buy", "Open")
    await _crash_and_restart(operator, proxies, point, moment, lambda: stack.delete("buy"))
    await stack.until_gone("buy", INTENTS, seconds=WAIT)
    assert (await stack.exactly_one_order())["status"] == "CANCELED"
    (receipt,) = await stack.receipts()
    assert receipt["final"]["state"] == "Canceled"
    assert receipt["intentDeletedAt"]
