"""What must be true of the groups of a campaign, by the venue's books.

Never two exits live at once but those that the venue ties together, never more exited than was entered, each order
under a receipt; and in the end what is held has its stop, or the status says why not.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any

from chaos.findings import Finding, VenueSays
from chaos.group_plan import MIDDLE, GroupScript

Json = Mapping[str, Any]
_FINAL = frozenset({"Completed", "Canceled", "Expired", "Rejected", "Denied"})
# What the venue takes off a buy, at least: the exits may sell the rest.
_NET = Decimal("0.999")


def orders_of(
    scripts: Sequence[GroupScript], receipts: Mapping[str, Json], venue: Sequence[VenueSays]
) -> dict[str, dict[str, list[VenueSays]]]:
    """For each group and each of its OrderIntents the venue's orders, by what the receipts say."""
    named = {
        placement["clientOrderId"]: receipt["claimant"]["name"]
        for receipt in (receipts.values() if scripts else ())
        for placement in receipt["placements"]
    }
    names = {script.name for script in scripts}
    found: dict[str, dict[str, list[VenueSays]]] = defaultdict(lambda: defaultdict(list))
    for order in venue:
        owner = named.get(order.client_id, "")
        if owner.partition("-")[0] in names:
            found[owner.partition("-")[0]][owner].append(order)
    return found


def hurts(
    name: str, orders: Mapping[str, Sequence[VenueSays]], group: Json | None, *, sells: bool = False
) -> Iterator[Finding]:
    """Broken promises about money; `sells`: the entry does."""
    entered = sum((o.filled for leg, own in orders.items() if leg == f"{name}-entry" for o in own), Decimal(0))
    exits = sorted(
        (o for leg, own in orders.items() if leg != f"{name}-entry" for o in own), key=lambda order: order.began
    )
    for before, after in combinations(exits, 2):
        tied = before.order_list and before.order_list == after.order_list
        if not tied and (before.ended is None or before.ended > after.began):
            yield Finding(name, f"two exits live at once: {before} and {after}")
    exited = sum((order.filled for order in exits), Decimal(0))
    over = group is not None and "overfillQuantity" in group.get("status", {})
    if exited > entered * (1 if sells else _NET) and not over:
        yield Finding(name, f"{exited} exited of {entered} entered")
    if len(orders.get(f"{name}-entry", ())) > 1:
        yield Finding(name, f"more than one entry: {orders[f'{name}-entry']}")


def unsettled(
    script: GroupScript, orders: Mapping[str, Sequence[VenueSays]], group: Json | None, legs: Mapping[str, Json]
) -> Iterator[Finding]:
    """What has not come to rest."""
    live = [order for own in orders.values() for order in own if order.ended is None]
    if script.deleted:
        yield from _after_deletion(script, group, legs, live)
    elif group is None:
        yield Finding(script.name, "the group is gone, and nobody deleted it")
    else:
        yield from _with_object(script.name, group, live)


def _after_deletion(
    script: GroupScript, group: Json | None, legs: Mapping[str, Json], live: Sequence[VenueSays]
) -> Iterator[Finding]:
    if group is not None:
        yield Finding(script.name, f"deleted, and it is still there: {group.get('status', {}).get('message')}")
    if legs:
        yield Finding(script.name, f"deleted, and its legs are still there: {sorted(legs)}")
    keeps = script.spec["deletionPolicy"] == "KeepProtection"
    if live and not (keeps and _protects(live)):
        yield Finding(script.name, f"deleted, and orders work: {live}")


def _protects(live: Sequence[VenueSays]) -> bool:
    """One stop, alone or beside the target of its list."""
    stops = [order for order in live if order.state == "Untriggered"]
    return len(stops) == 1 and all(order is stops[0] or order.order_list == stops[0].order_list != "" for order in live)


def _with_object(name: str, group: Json, live: Sequence[VenueSays]) -> Iterator[Finding]:
    status = group.get("status", {})
    state = status.get("state")
    if status.get("observedGeneration") != group["metadata"]["generation"]:
        yield Finding(name, "its status is not of its present generation")
    if state in _FINAL and live:
        yield Finding(name, f"{state}, and orders work: {live}")
    if state in _FINAL:
        return
    if state not in {"Entering", "Working"}:
        yield Finding(name, f"state {state}: {status.get('message')}")
        return
    left = Decimal(status.get("targetQuantity", "0")) - Decimal(status.get("filledQuantity", "0"))
    covered = sum((order.quantity - order.filled for order in live if order.state == "Untriggered"), Decimal(0))
    if left * MIDDLE > 10 and covered < left and not _is_stalled(status):
        yield Finding(name, f"{left} is held and {covered} covered: {status.get('message')}")
    if group["spec"].get("desiredState") == "Canceled":
        yield Finding(name, f"to be canceled, and its state is {state}")


def _is_stalled(status: Json) -> bool:
    return any(c["type"] == "Stalled" and c["status"] == "True" for c in status.get("conditions", ()))
