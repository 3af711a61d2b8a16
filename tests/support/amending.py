"""What tests of amends ask: whether the newest wish works at the venue, once, and the status says so."""

from decimal import Decimal
from typing import Any

from support.stack import Stack, condition

Json = Any
LIVE = {"NEW", "PARTIALLY_FILLED"}


async def until_synced(stack: Stack, name: str, price: str, quantity: str, seconds: float = 0) -> Json:
    """Until the status says that the order is what the spec asks for."""

    def holds(obj: Json) -> bool:
        sent = obj["status"].get("normalized", {})
        same = (Decimal(sent.get("price", 0)), Decimal(sent.get("quantity", 0))) == (Decimal(price), Decimal(quantity))
        return same and condition(obj, "Synced")[0] == "True" and obj["status"].get("pendingCommand", "None") == "None"

    return await stack.until(name, holds, what=f"{quantity} at {price}", seconds=seconds)


async def all_orders(stack: Stack) -> list[Json]:
    """Whatever reached the account's books, oldest first."""
    return sorted((await stack.truth()).orders, key=lambda order: int(order["orderId"]))


async def one_live(stack: Stack, price: str, quantity: str) -> list[Json]:
    """All orders at the venue, oldest first: the last works with these values, all others have ended."""
    orders = await all_orders(stack)
    assert [order["status"] in LIVE for order in orders] == [*[False] * (len(orders) - 1), True], orders
    last = orders[-1]
    assert (Decimal(last["price"]), Decimal(last["origQty"])) == (Decimal(price), Decimal(quantity))
    return orders


async def working(stack: Stack, name: str = "buy", **spec: object) -> Json:
    """An order that rests."""
    await stack.order(name, **{"quantity": "0.01", "price": "20000", **spec})
    return await stack.until_state(name, "Open")


async def change(stack: Stack, name: str = "buy", **spec: str) -> None:
    """Edit the spec."""
    await stack.patch_intent(name, {"spec": spec})
