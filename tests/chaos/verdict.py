"""Whether a campaign has kept the promises, as a pure function of what both sides say at its end.

`hurts` are broken promises about money, which no waiting mends. `unsettled` is what has not converged yet: it is asked
again until it is empty or the bound has passed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

from chaos import group_verdict
from chaos.findings import Finding, VenueSays
from chaos.group_plan import GroupScript
from chaos.plan import Script
from exchange_kernel.core.identity import Identity, client_order_id

Json = Mapping[str, Any]

# Ids that are derived for an identity, beyond those that its receipt names: enough for any campaign.
_REVISIONS, _ATTEMPTS = 12, 24
_OVER = frozenset({"Filled", "Canceled", "Expired", "Rejected", "Denied"})
_STATES: Mapping[str, frozenset[str]] = {
    "Untriggered": frozenset({"Untriggered"}),
    "Open": frozenset({"Open"}),
    "PartiallyFilled": frozenset({"Open"}),
    "Filled": frozenset({"Filled", "Canceled"}),  # Canceled: amended to what was filled already
    "Canceled": frozenset({"Canceled", "Expired"}),  # Expired: a venue that has one word for both
    "Expired": frozenset({"Expired"}),
    "Rejected": frozenset({"Rejected", "Expired"}),
}
# Why an order may keep other values than its spec asks for.
_KEEPS_VALUES = frozenset({
    "AmendNotAvailable", "AmendNotAllowed", "AmendRefused", "AmendDenied", "TooLateToAmend", "NotOnGrid",
    "BelowMinimum", "AmendFailed",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything at one moment.

    Attributes:
        intents: OrderIntents by name.
        receipts: OrderReceipts by name.
        venue: All orders of the campaign's accounts.
        identities: Identity by script name.
        groups: OrderGroups by name.
    """

    intents: Mapping[str, Json]
    receipts: Mapping[str, Json]
    venue: Sequence[VenueSays]
    identities: Mapping[str, Identity]
    groups: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """See the module."""

    hurts: tuple[Finding, ...] = ()
    unsettled: tuple[Finding, ...] = ()
    facts: Mapping[str, int] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return not self.hurts and not self.unsettled


def judge(scripts: Sequence[Script], picture: Picture, groups: Sequence[GroupScript] = ()) -> Verdict:
    """Judge a campaign."""
    of_groups = group_verdict.orders_of(groups, picture.receipts, picture.venue)
    legs = {order.client_id for own in of_groups.values() for each in own.values() for order in each}
    owners = {
        client_order_id(identity, revision, attempt): name
        for name, identity in picture.identities.items()
        for revision in range(_REVISIONS)
        for attempt in range(1, _ATTEMPTS + 1)
    }
    orders: dict[str, list[VenueSays]] = defaultdict(list)
    for order in picture.venue:
        if order.client_id in legs:
            continue
        orders[owners.get(order.client_id, "")].append(order)
    hurts = [Finding("", f"the venue has an order that is nobody's: {order}") for order in orders.pop("", ())]
    unsettled: list[Finding] = []
    for script in scripts:
        own = sorted(orders.get(script.name, ()), key=lambda order: order.began)
        receipt = picture.receipts.get(picture.identities[script.name].receipt_name)
        intent = picture.intents.get(script.name)
        hurts += [Finding(script.name, what) for what in _hurts(own, receipt)]
        unsettled += [Finding(script.name, what) for what in _unsettled(script, own, receipt, intent)]
    for group in groups:
        own_orders, said = of_groups.get(group.name, {}), picture.groups.get(group.name)
        children = {name: obj for name, obj in picture.intents.items() if name.startswith(f"{group.name}-")}
        hurts += group_verdict.hurts(group.name, own_orders, said, sells=group.sells)
        unsettled += group_verdict.unsettled(group, own_orders, said, children)
    return Verdict(
        tuple(hurts), tuple(unsettled), _facts(orders) | {"groups": len(groups)} if groups else _facts(orders)
    )


def _facts(orders: Mapping[str, Sequence[VenueSays]]) -> dict[str, int]:
    flat = [order for own in orders.values() for order in own]
    return {
        "orders at the venue": len(flat),
        "intents with a fill": sum(any(order.filled for order in own) for own in orders.values()),
        "intents with replaced orders": sum(len(own) > 1 for own in orders.values()),
    }


def _hurts(own: Sequence[VenueSays], receipt: Json | None) -> Iterator[str]:
    """Broken promises: two live orders at once, or an order without a record."""
    for before, after in pairwise(own):
        if before.ended is None or before.ended > after.began:
            yield f"two live orders at once: {before} and {after}"
    if own and receipt is None:
        yield f"{len(own)} orders at the venue and no receipt"
    if receipt is None:
        return
    recorded = {placement["clientOrderId"] for placement in receipt["placements"]}
    strays = [order for order in own if order.client_id not in recorded]
    if len(strays) > receipt.get("foldedPlacements", 0):
        yield f"orders without a record: {strays}"
    denied = {
        p["clientOrderId"]: p["outcome"] for p in receipt["placements"] if p["outcome"] in {"NotPlaced", "Absent"}
    }
    for order in own:
        if order.client_id in denied:
            yield f"recorded as {denied[order.client_id]}, and the venue has it: {order}"


def _unsettled(script: Script, own: Sequence[VenueSays], receipt: Json | None, intent: Json | None) -> Iterator[str]:
    if script.deleted:
        if intent is not None:
            yield "deleted, and the object is still there"
            return
        yield from _after_deletion(own, receipt)
    elif intent is None:
        yield "the object is gone, and nobody deleted it"
    else:
        yield from _with_object(script, own, receipt, intent)
    if receipt is not None and receipt["outcome"] == "Pending":
        yield "its receipt has an unproven placement"
    if receipt is not None and receipt.get("amend"):
        yield "its receipt has an amend under way"


def _after_deletion(own: Sequence[VenueSays], receipt: Json | None) -> Iterator[str]:
    live = [order for order in own if order.ended is None]
    if live:
        yield f"deleted, and an order works: {live}"
    if not own:
        return
    final = (receipt or {}).get("final")
    if final is None:
        yield "deleted, and its receipt does not say how it ended"
    elif Decimal(final["filledQuantity"]) != _filled(own):
        yield f"its receipt says {final['filledQuantity']} filled, the venue {_filled(own)}"


def _with_object(script: Script, own: Sequence[VenueSays], receipt: Json | None, intent: Json) -> Iterator[str]:
    said, spec = intent["status"], intent["spec"]
    state = said.get("state")
    if said.get("observedGeneration") != intent["metadata"]["generation"]:
        yield "its status is not of its present generation"
        return
    if state not in _OVER and state not in _STATES:
        yield f"state {state}: {said.get('message')}"
        return
    other_wish = state == "Denied" and _reason(said, "Accepted") in {"IdentityReused", "DuplicateIntentId"}
    if other_wish:
        if own and own[-1].ended is None:
            yield f"refused as another wish, and an order works: {own[-1]}"
        return
    if Decimal(said.get("filledQuantity", "0")) != _filled(own):
        yield f"{said.get('filledQuantity', '0')} filled in the status, {_filled(own)} at the venue"
    if spec.get("desiredState") == "Canceled" and state not in _OVER:
        yield f"to be canceled, and its state is {state}"
    yield from _same_state(state, own)
    yield from _same_values(said, spec, own)


def _same_state(state: str, own: Sequence[VenueSays]) -> Iterator[str]:
    """An order that was refused, or not sent in time, leaves nothing at the venue."""
    if not own:
        if state not in {"Denied", "Expired", "Canceled", "Rejected"}:
            yield f"state {state}, and the venue has no order"
        return
    if state == "Denied" or own[-1].state not in _STATES[state]:
        yield f"state {state}, and the venue says {own[-1].state}"
    if state == "PartiallyFilled" and not _filled(own):
        yield "PartiallyFilled without a fill"


def _same_values(said: Json, spec: Json, own: Sequence[VenueSays]) -> Iterator[str]:
    """A working order has the values of its spec, or the status says why not."""
    if not own or own[-1].ended is not None:
        return
    synced = next((c for c in said["conditions"] if c["type"] == "Synced"), None)
    if synced is None or (synced["status"] != "True" and synced["reason"] not in _KEEPS_VALUES):
        yield f"not in sync: {synced}"
    elif synced["status"] == "True":
        total = _filled(own[:-1]) + own[-1].quantity
        if total != Decimal(spec["quantity"]):
            yield f"said to be in sync with quantity {spec['quantity']}, and the venue's is {total}"
        if "price" in spec and own[-1].price != Decimal(spec["price"]):
            yield f"said to be in sync with price {spec['price']}, and the venue's is {own[-1].price}"


def _reason(said: Json, kind: str) -> str:
    return next((str(c["reason"]) for c in said.get("conditions", ()) if c["type"] == kind), "")


def _filled(own: Sequence[VenueSays]) -> Decimal:
    return sum((order.filled for order in own), Decimal(0))
