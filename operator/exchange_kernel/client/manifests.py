"""What a strategy asks for, as objects of the API server; and back. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from exchange_kernel.api import order_intent as api
from exchange_kernel.api.enums import GroupType, LegRole, OrderType, PlacementPolicy
from exchange_kernel.api.meta import ANNOTATION_RECONCILE, API_VERSION, GROUP
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.scalars import format_time, plain
from exchange_kernel.client.errors import FieldError, ValidationError
from exchange_kernel.client.models import OrderIntent, StandardOrder, StandardOrderGroup, TrailingOffset

Json = dict[str, Any]
LABEL_STRATEGY: Final = f"{GROUP}/strategy"
"""On what a strategy creates: its name."""
SUBMIT_SECONDS: Final = 60
"""An order whose name nobody knows is worth nothing later: it is sent within a minute, or never."""
_ROLES: Final = {"entry": LegRole.ENTRY, "target": LegRole.TAKE_PROFIT, "stop": LegRole.STOP_LOSS}
_STOPS: Final = frozenset({OrderType.STOP_MARKET, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP_MARKET})


@dataclass(frozen=True, slots=True)
class Desk:
    """Where orders are created, and for whom.

    Attributes:
        namespace: Of the OrderIntents and OrderGroups.
        account_namespace: Of the ExchangeAccount.
        account: Its name.
        strategy: For the label; None for none.
    """

    namespace: str
    account_namespace: str
    account: str
    strategy: str | None = None

    def meta(self, name: str) -> Json:
        """The metadata of a new object."""
        labels = {} if self.strategy is None else {LABEL_STRATEGY: self.strategy}
        return {"name": name, "namespace": self.namespace, **({"labels": labels} if labels else {})}

    @property
    def account_ref(self) -> Json:
        """spec.accountRef."""
        return {"namespace": self.account_namespace, "name": self.account}

    def owns(self, obj: Mapping[str, Any]) -> bool:
        """Whether an object is for this account."""
        ref = obj["spec"]["accountRef"]
        namespace = ref.get("namespace") or obj["metadata"]["namespace"]
        return (namespace, ref["name"]) == (self.account_namespace, self.account)


def intent(desk: Desk, name: str, order: StandardOrder, metadata: Mapping[str, Any] | None, *, until: datetime) -> Json:
    """The OrderIntent of one order.

    Args:
        desk: Where, and for whom.
        name: Its name, the intent_id.
        order: What is wanted; without an intent_id of its own it is sent before `until`, or never.
        metadata: The strategy's notes.
        until: The deadline of an order whose name was made up.
    """
    placement: Json = {}
    if order.intent_id is None:
        placement["policy"] = PlacementPolicy.CREATE_ONLY.value
    if order.submit_before is not None or order.intent_id is None:
        placement["submitBefore"] = format_time(order.submit_before or until)
    spec = {
        "accountRef": desk.account_ref,
        "symbol": order.symbol_id,
        **terms(order),
        **({"placement": placement} if placement else {}),
        **({"metadata": notes(metadata)} if metadata else {}),
    }
    return {"apiVersion": API_VERSION, "kind": "OrderIntent", "metadata": desk.meta(name), "spec": spec}


def terms(order: StandardOrder) -> Json:
    """The fields of a spec that an order and a leg share; what is not said is left out."""
    trailing = order.trailing
    said: Json = {
        "side": order.side.value,
        "type": order.order_type.value,
        "quantity": _plain(order.quantity),
        "quoteQuantity": _plain(order.quote_quantity),
        "price": _plain(order.price),
        "triggerPrice": _plain(order.trigger_price),
        "trailing": None if trailing is None else _trailing(trailing),
        "timeInForce": order.time_in_force.value,
        "expireAt": None if order.expire_at is None else format_time(order.expire_at),
        "postOnly": order.post_only or None,
        "reduceOnly": order.reduce_only or None,
        "amendPolicy": None if order.amend_policy is None else order.amend_policy.value,
        "roundingPolicy": None if order.rounding_policy is None else order.rounding_policy.value,
    }
    return {name: value for name, value in said.items() if value is not None}


def _trailing(trailing: TrailingOffset) -> Json:
    said = {"offset": plain(trailing.offset), "offsetType": trailing.offset_type.value}
    if trailing.activation_price is not None:
        said["activationPrice"] = plain(trailing.activation_price)
    return said


def _plain(value: Any) -> str | None:  # noqa: ANN401 - a Decimal, or none
    return None if value is None else plain(value)


def notes(metadata: Mapping[str, Any]) -> dict[str, str]:
    """spec.metadata holds texts: whatever else is written as JSON."""
    return {
        str(key): value if isinstance(value, str) else json.dumps(value, default=str) for key, value in metadata.items()
    }


def group(
    desk: Desk, name: str, wanted: StandardOrderGroup, metadata: Mapping[str, Any] | None, until: datetime
) -> Json:
    """The OrderGroup of orders that are tied together. Raises ValidationError."""
    symbols = {order.symbol_id for order in wanted.orders}
    if len(symbols) > 1:
        raise _wrong("orders", f"the orders of a group have one symbol, not {', '.join(sorted(symbols))}")
    spec: Json = {
        "accountRef": desk.account_ref,
        "type": wanted.mode.value,
        "symbol": next(iter(symbols)),
        "legs": [_leg(wanted, leg, order) for leg, order in zip(leg_names(wanted), wanted.orders, strict=True)],
        "execution": wanted.execution.value,
    }
    if wanted.quantity is not None:
        spec["quantity"] = plain(wanted.quantity)
    if wanted.partial_trigger:
        spec["partialTrigger"] = True
    if wanted.on_protection_failure is not None:
        spec["onProtectionFailure"] = wanted.on_protection_failure.value
    if metadata:
        spec["metadata"] = notes(metadata)
    if wanted.group_id is None:
        spec["placement"] = {"submitBefore": format_time(until)}
    return {"apiVersion": API_VERSION, "kind": "OrderGroup", "metadata": desk.meta(name), "spec": spec}


def leg_names(wanted: StandardOrderGroup) -> tuple[str, ...]:
    """The names of the legs: as given; else entry, target and stop by what the orders are. Raises ValidationError."""
    if wanted.legs:
        if len(wanted.legs) != len(wanted.orders):
            raise _wrong("legs", "write one name for each order, or none at all")
        return wanted.legs
    if wanted.mode in {GroupType.BRACKET, GroupType.OTO}:
        exits = ["stop" if order.order_type in _STOPS else "target" for order in wanted.orders[1:]]
        return ("entry", *exits)
    return tuple(f"leg{number}" for number in range(1, len(wanted.orders) + 1))


def _leg(wanted: StandardOrderGroup, name: str, order: StandardOrder) -> Json:
    role = _ROLES.get(name, LegRole.LEG)
    said = {"name": name, "role": role.value, **terms(order)}
    if role is not LegRole.ENTRY:
        # The others take what the entry has brought in, or the group's own quantity.
        said.pop("quantity", None)
    if order.intent_id is not None or order.submit_before is not None:
        raise _wrong("orders", f"order {name}: intent_id and submit_before belong to the group, not to its orders")
    del wanted
    return said


def _wrong(field: str, message: str) -> ValidationError:
    return ValidationError(message, errors=(FieldError(field, "Invalid", message),))


def deadline(now: datetime) -> datetime:
    """Until when an order is sent whose name nobody knows but this call."""
    return now + timedelta(seconds=SUBMIT_SECONDS)


# --- back ------------------------------------------------------------------------------------------------------------


def order_of(stored: api.OrderIntent) -> StandardOrder:
    """What an OrderIntent asks for."""
    spec = stored.spec
    trailing = spec.trailing
    return StandardOrder(
        symbol_id=spec.symbol,
        side=spec.side,
        order_type=spec.type,
        quantity=spec.quantity,
        quote_quantity=spec.quote_quantity,
        price=spec.price,
        trigger_price=spec.trigger_price,
        trailing=None
        if trailing is None
        else TrailingOffset(
            offset=trailing.offset, offset_type=trailing.offset_type, activation_price=trailing.activation_price
        ),
        time_in_force=spec.time_in_force,
        expire_at=spec.expire_at,
        post_only=spec.post_only,
        reduce_only=spec.reduce_only,
        amend_policy=spec.amend_policy,
        rounding_policy=spec.rounding_policy,
        submit_before=spec.placement.submit_before,
        intent_id=stored.metadata.name,
    )


def intent_of(stored: api.OrderIntent, created_at: datetime) -> OrderIntent:
    """An OrderIntent as the interface has it."""
    meta, spec = stored.metadata, stored.spec
    owner = next((each.name for each in meta.owner_references if each.kind == "OrderGroup"), None)
    return OrderIntent(
        intent_id=meta.name,
        uid=meta.uid,
        group_id=owner,
        order=order_of(stored),
        desired_state=spec.desired_state,
        suspended=spec.suspend,
        metadata=dict(spec.metadata),
        generation=meta.generation,
        created_at=meta.creation_timestamp or created_at,
        deleting=meta.deleting,
    )


def same_wish(ours: Json, stored: api.OrderIntent) -> bool:
    """Whether an object of the same name asks for the same order: then it is this order, else another one has the name.

    Deadlines do not count: a repetition comes later than the first call.
    """
    wanted = api.OrderIntent.from_object({**ours, "status": {}}).spec
    return all(
        getattr(wanted, name) == getattr(stored.spec, name)
        for name in ("symbol", "side", "type", "quantity", "quote_quantity", "price", "trigger_price", "trailing",
                     "time_in_force", "expire_at", "post_only", "reduce_only")
    ) and wanted.account_ref.name == stored.spec.account_ref.name  # fmt: skip


def same_group(ours: Json, stored: OrderGroup) -> bool:
    """The same of a group."""
    wanted = OrderGroup.from_object({**ours, "status": {}}).spec
    return (wanted.type, wanted.symbol, wanted.quantity, wanted.legs, wanted.execution) == (
        stored.spec.type,
        stored.spec.symbol,
        stored.spec.quantity,
        stored.spec.legs,
        stored.spec.execution,
    )


__all__ = [
    "ANNOTATION_RECONCILE",
    "Desk",
    "deadline",
    "format_time",
    "group",
    "intent",
    "intent_of",
    "leg_names",
    "order_of",
    "same_group",
    "same_wish",
]
