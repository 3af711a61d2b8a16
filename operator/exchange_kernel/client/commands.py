"""The commands: place, cancel, modify. Each waits for what the operator says, and never longer than `timeout`.

An outcome that is not known is never raised: the intent_id comes back, and the state says Unknown. `except
ExchangeError: retry` must not buy twice.
"""

from collections.abc import Iterable
from typing import Any

from exchange_kernel.api.conditions import ConditionType
from exchange_kernel.api.enums import DesiredState, OrderStateName
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.reasons import Reason
from exchange_kernel.api.scalars import plain
from exchange_kernel.client import manifests, states, verdicts
from exchange_kernel.client.cluster import Cluster
from exchange_kernel.client.errors import CancelIncompleteError, ExchangeError, FieldError, Source, ValidationError
from exchange_kernel.client.models import StandardOrder, StandardOrderGroup
from exchange_kernel.client.names import uuid7
from exchange_kernel.client.verdicts import Verdict
from exchange_kernel.kube.objects import read_object
from exchange_kernel.kube.resources import GROUPS, INTENTS, Json

CANCELED: Json = {"spec": {"desiredState": DesiredState.CANCELED.value}}
_CHANGEABLE = ("quantity", "price", "trigger_price")
# How an order is amended and until when it is sent is no part of what it is.
_NOT_COMPARED = frozenset({*_CHANGEABLE, "intent_id", "submit_before", "amend_policy", "rounding_policy"})


async def place(cluster: Cluster, order: StandardOrder, metadata: dict[str, Any] | None) -> str:
    """See `ExchangeKernel.place_order`."""
    deadline, now = cluster.deadline(), cluster.clocks.now()
    name = order.intent_id or uuid7(now, cluster.clocks.random_bits)
    body = manifests.intent(cluster.desk, name, order, metadata, until=manifests.deadline(now))
    stored, made = await cluster.create(INTENTS, body, deadline)
    if not made and not manifests.same_wish(body, read_object(OrderIntent, stored)):
        message = f"intent_id {name} is another order already: use another id for another order"
        raise ValidationError(
            message,
            errors=(FieldError("intent_id", "IdempotencyConflict", message),),
            reason="IdempotencyConflict",
            intent_id=name,
        )
    found = await cluster.until(OrderIntent, INTENTS, stored, _placed_or_lost, deadline)
    if found is not None and _lacks_account(found):
        await _withdraw_for_lack_of_account(cluster, found, deadline)
    return name


def _placed_or_lost(found: OrderIntent) -> Verdict:
    return True if _lacks_account(found) else verdicts.placed(found)


def _lacks_account(found: OrderIntent) -> bool:
    waits = found.status.state in {None, OrderStateName.PENDING}
    ready = states.condition(found, ConditionType.READY)
    return waits and ready is not None and ready.reason == Reason.ACCOUNT_NOT_FOUND.value


async def _withdraw_for_lack_of_account(cluster: Cluster, found: OrderIntent, deadline: float) -> None:
    """An order whose account is not there would wait for it: what is told to be wrong must not be placed later."""
    name = found.metadata.name
    stored = await cluster.patch(INTENTS, name, CANCELED)
    ended = await cluster.until(OrderIntent, INTENTS, stored, verdicts.canceled, deadline)
    if ended is None or ended.status.exchange_order_id is not None:
        return
    message = f"there is no ExchangeAccount {cluster.desk.account_namespace}/{cluster.desk.account}"
    error = FieldError("exchange_id", Reason.ACCOUNT_NOT_FOUND.value, message)
    raise ValidationError(
        message, errors=(error,), source=Source.OPERATOR, reason=Reason.ACCOUNT_NOT_FOUND.value, intent_id=name
    )


async def place_group(cluster: Cluster, group: StandardOrderGroup, metadata: dict[str, Any] | None) -> list[str]:
    """See `ExchangeKernel.place_order_group`."""
    deadline, now = cluster.deadline(), cluster.clocks.now()
    name = group.group_id or uuid7(now, cluster.clocks.random_bits)
    body = manifests.group(cluster.desk, name, group, metadata, manifests.deadline(now))
    stored, made = await cluster.create(GROUPS, body, deadline)
    if not made and not manifests.same_group(body, read_object(OrderGroup, stored)):
        message = f"group_id {name} is another group already: use another id for another group"
        error = FieldError("group_id", "IdempotencyConflict", message)
        raise ValidationError(message, errors=(error,), reason="IdempotencyConflict", group_id=name)
    await cluster.until(OrderGroup, GROUPS, stored, verdicts.group_placed, deadline)
    return [f"{name}-{leg}" for leg in manifests.leg_names(group)]


async def cancel(cluster: Cluster, intent_id: str) -> None:
    """See `ExchangeKernel.cancel_order`."""
    deadline = cluster.deadline()
    found = await cluster.get(OrderIntent, INTENTS, intent_id)
    if states.is_final(found):
        return
    stored = await cluster.patch(INTENTS, intent_id, CANCELED)
    await cluster.until(OrderIntent, INTENTS, stored, verdicts.canceled, deadline)


async def modify(cluster: Cluster, intent_id: str, new_order: StandardOrder) -> None:
    """See `ExchangeKernel.modify_order`."""
    deadline = cluster.deadline()
    found = await cluster.get(OrderIntent, INTENTS, intent_id)
    before = manifests.order_of(found)
    _check_change(before, new_order, intent_id)
    differing = [name for name in _CHANGEABLE if getattr(new_order, name) != getattr(before, name)]
    changes = {name: getattr(new_order, name) for name in differing}
    if changes:
        stored = await cluster.patch(INTENTS, intent_id, _change(found.metadata.resource_version, changes))
    else:
        # Asked for before, perhaps by a process that was killed: it may be on its way still.
        asked = cluster.client.get(INTENTS, cluster.desk.namespace, intent_id)
        stored = await cluster.asked(asked, "Intent", intent_id)
    generation = stored["metadata"]["generation"]

    def holds(seen: OrderIntent) -> Verdict:
        return verdicts.modified(seen, generation)

    try:
        await cluster.until(OrderIntent, INTENTS, stored, holds, deadline)
    except ValidationError:
        # The order works with its former values; what cannot be had is not left in the spec to be tried later.
        if changes:
            await cluster.patch(INTENTS, intent_id, _change(None, {name: getattr(before, name) for name in changes}))
        raise


def _change(version: str | None, values: dict[str, Any]) -> Json:
    spec = {
        {"trigger_price": "triggerPrice"}.get(name, name): None if value is None else plain(value)
        for name, value in values.items()
    }
    return {"spec": spec} if version is None else {"metadata": {"resourceVersion": version}, "spec": spec}


def _check_change(before: StandardOrder, after: StandardOrder, intent_id: str) -> None:
    wrong = sorted(name for name in set(StandardOrder.model_fields) - _NOT_COMPARED if _differs(name, before, after))
    if wrong:
        advice = "cannot change: cancel it and place another order"
        errors = tuple(FieldError(name, "Immutable", advice) for name in wrong)
        message = f"only quantity, price and trigger_price can change, not {', '.join(wrong)}"
        raise ValidationError(message, errors=errors, reason="Immutable", intent_id=intent_id)


def _differs(name: str, before: StandardOrder, after: StandardOrder) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


async def cancel_all(cluster: Cluster, symbol_id: str | None) -> int:
    """See `ExchangeKernel.cancel_all_orders`: groups first, so that no leg is placed again meanwhile."""
    deadline = cluster.deadline()
    working = [each for each in await _intents(cluster, symbol_id) if not states.is_final(each)]
    for obj in await cluster.own(GROUPS):
        group = read_object(OrderGroup, obj)
        final = group.status.state is not None and group.status.state.is_final
        if not final and symbol_id in {None, group.spec.symbol}:
            await cluster.patch(GROUPS, group.metadata.name, CANCELED)
    for each in working:
        if not any(owner.kind == "OrderGroup" for owner in each.metadata.owner_references):
            await cluster.patch(INTENTS, each.metadata.name, CANCELED)
    ended = await _ends_of(cluster, working, deadline)
    canceled = tuple(each.metadata.name for each in ended if each.status.state is OrderStateName.CANCELED)
    pending = tuple(sorted({each.metadata.name for each in working} - {each.metadata.name for each in ended}))
    if pending:
        raise CancelIncompleteError(canceled, pending)
    return len(canceled)


async def _intents(cluster: Cluster, symbol_id: str | None) -> list[OrderIntent]:
    found = [read_object(OrderIntent, obj) for obj in await cluster.own(INTENTS)]
    return [each for each in found if symbol_id in {None, each.spec.symbol}]


async def _ends_of(cluster: Cluster, working: Iterable[OrderIntent], deadline: float) -> list[OrderIntent]:
    """Those whose end is read before the time is up, one after the other: all of them end meanwhile."""
    ended = []
    for each in working:
        found = await cluster.until(OrderIntent, INTENTS, each.to_object(), verdicts.canceled, deadline)
        if found is not None:
            ended.append(found)
    return ended


async def reconcile(cluster: Cluster, intent_id: str | None) -> None:
    """See `ExchangeKernel.force_reconciliation`."""
    deadline = cluster.deadline()
    asked = manifests.format_time(cluster.clocks.now())
    names = [intent_id]
    if intent_id is None:
        names = [each.metadata.name for each in await _intents(cluster, None) if not states.is_final(each)]
    body = {"metadata": {"annotations": {manifests.ANNOTATION_RECONCILE: asked}}}
    stored = [await cluster.patch(INTENTS, name, body) for name in names if name is not None]
    for obj in stored:
        await cluster.until(OrderIntent, INTENTS, obj, lambda found: verdicts.reconciled(found, asked), deadline)


__all__ = ["ExchangeError", "cancel", "cancel_all", "modify", "place", "place_group", "reconcile"]
