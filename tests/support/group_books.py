"""What the venue's books say of a group's orders, and the ways in which the answer to a list can be lost."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from support.stack import Stack

Json = Any
# Where the answer is lost, how, and how many attempts that takes.
LOST: tuple[tuple[str, str, Mapping[str, Json], int], ...] = (
    ("before_engine", "drop", {}, 2),
    ("after_engine", "drop", {}, 1),
    ("after_engine", "empty", {}, 1),
    ("before_engine", "respond", {"status": 503}, 2),
    ("in_body", "truncate", {}, 1),
)


async def orders(stack: Stack, account: str = "main") -> list[Mapping[str, Json]]:
    return list((await stack.truth(account)).orders)


async def live(stack: Stack, account: str = "main") -> dict[str, Decimal]:
    """What works at the venue: its type and quantity."""
    working = [order for order in await orders(stack, account) if order["status"] in {"NEW", "PARTIALLY_FILLED"}]
    assert len({order["type"] for order in working}) == len(working), working
    return {order["type"]: Decimal(order["origQty"]) for order in working}


async def traded(stack: Stack, side: str, account: str = "main") -> Decimal:
    """What the orders of a side (BUY, SELL) have filled."""
    done = [Decimal(order["executedQty"]) for order in await orders(stack, account) if order["side"] == side]
    return sum(done, Decimal(0))


async def lose_answers(
    stack: Stack, path: str, legs: Sequence[Json], until: Callable[[str], Awaitable[object]], **spec: Json
) -> list[tuple[str, int]]:
    """Groups whose list's answer is lost, one in each way, until each holds; (name, attempts that it takes)."""
    await stack.start_operator(poll_interval=10)
    names = [f"lost-{number}" for number in range(len(LOST))]
    for name in names:
        await stack.open_account(name)
    for name in names:
        await stack.account_ready(name)
    for name, (at, do, more, _) in zip(names, LOST, strict=True):
        match = {"method": "POST", "path": path, "account": name}
        await stack.control.add_fault({"match": match, "at": at, "do": do, "count": 1, **more}, name)
        await stack.group(name, legs, account=name, **spec)
    for name in names:
        await until(name)
    return [(name, attempts) for name, (*_, attempts) in zip(names, LOST, strict=True)]


async def attempts_of(stack: Stack, intent: str) -> int:
    """How many placements of an OrderIntent may have been sent; on a busy machine one may miss its partners first."""
    (placements,) = [r["placements"] for r in await stack.receipts() if r["claimant"]["name"] == intent]
    return sum(placement["outcome"] != "NotPlaced" for placement in placements)
