"""Backups that come back in parts: objects, receipts, the journal, or only some of them; orders live at the venue.

In each case the venue has the truth. What is found under our client order id is adopted; what is not found is held
back for a human; nothing is ever placed a second time.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from exchange_kernel.api.meta import ANNOTATION_TAKE_OVER, FINALIZER_CANCEL_ORDER
from exchange_kernel.kube.resources import ACCOUNTS, CONFIG_MAPS, INTENTS, RECEIPTS
from support.dialects import on_both_venues
from support.operator_process import OperatorProcess
from support.stack import Stack, condition

pytestmark = on_both_venues

Json = Any
PATIENT = {"placement": {"startingDeadlineSeconds": 600}}
NAMES = ("one", "two", "three")


async def _orders(stack: Stack) -> tuple[OperatorProcess, dict[str, Json]]:
    """An operator with three resting orders, and the objects as they are then."""
    operator = await stack.start_operator()
    await stack.open_account()
    await stack.account_ready()
    for name in NAMES:
        await stack.order(name, **PATIENT)
    return operator, {name: await stack.until_state(name, "Open") for name in NAMES}


async def _vanish_intents(stack: Stack) -> None:
    for name in NAMES:
        await stack.vanish(INTENTS, stack.namespace, stack.named(name))


async def _vanish_receipts(stack: Stack) -> None:
    for receipt in await stack.receipts():
        await stack.vanish(RECEIPTS, stack.journal, receipt["metadata"]["name"])


def _works_as(order_id: str) -> Callable[[Json], bool]:
    return lambda obj: (obj["status"].get("state"), obj["status"].get("exchangeOrderId")) == ("Open", order_id)


async def _same_orders(stack: Stack, before: dict[str, Json]) -> None:
    """Each object has the order that it had, all of them work, and the venue was asked for nothing else."""
    for name, obj in before.items():
        await stack.until(name, _works_as(obj["status"]["exchangeOrderId"]), what="Open, with the order that it had")
    orders = (await stack.truth()).orders
    assert [order["status"] for order in orders] == ["NEW"] * len(NAMES)
    assert len(await stack.order_requests()) == len(NAMES)


async def test_objects_that_are_created_again_without_status_keep_their_orders(stack: Stack) -> None:
    """As Velero restores: new uids, no status; finalizers and annotations as they were."""
    operator, before = await _orders(stack)
    assert await operator.stop() == 0
    await _vanish_intents(stack)
    for obj in before.values():
        await stack.recreate(obj, finalizers=[FINALIZER_CANCEL_ORDER])
    await operator.start()
    await _same_orders(stack, before)


async def test_receipts_that_are_lost_are_made_again_from_the_venue(stack: Stack) -> None:
    operator, before = await _orders(stack)
    assert await operator.stop() == 0
    await _vanish_receipts(stack)
    await operator.start()
    # An order that works costs no look at its receipt. Whoever asks for a change finds that it is missing.
    await _same_orders(stack, before)
    await stack.cancel("one")
    obj = await stack.until_state("one", "Canceled")
    assert obj["status"]["exchangeOrderId"] == before["one"]["status"]["exchangeOrderId"]


async def test_orders_are_found_by_their_ids_when_objects_and_receipts_are_lost(stack: Stack) -> None:
    operator, before = await _orders(stack)
    assert await operator.stop() == 0
    await _vanish_intents(stack)
    await _vanish_receipts(stack)
    await operator.start()
    for obj in before.values():
        await stack.recreate(obj)
    await _same_orders(stack, before)
    assert len(await stack.receipts()) == len(NAMES)


async def _lose_journal(stack: Stack) -> None:
    """What is left of the operator's namespace after it was deleted and made again: nothing."""
    await _vanish_receipts(stack)
    for obj in await stack.api.list(CONFIG_MAPS, stack.journal):
        if obj["metadata"]["name"] == "exchange-kernel-journal":
            await stack.vanish(CONFIG_MAPS, stack.journal, obj["metadata"]["name"])


async def test_a_new_operators_namespace_creates_nothing_until_the_account_is_handed_over(stack: Stack) -> None:
    operator, before = await _orders(stack)
    assert await operator.stop() == 0
    await _lose_journal(stack)
    await operator.start()
    account = await stack.until_account("main", "Stalled", "True", "JournalForeign")
    await _same_orders(stack, before)
    await stack.order("new", **PATIENT)
    await stack.until_condition("new", "Stalled", "True", "JournalForeign")
    assert len((await stack.truth()).orders) == len(NAMES)
    lost = account["status"]["journal"]["uid"]
    await stack.annotate(ACCOUNTS, "main", ANNOTATION_TAKE_OVER, lost)
    await stack.account_ready()
    await stack.until_state("new", "Open")
    await stack.cancel("two")
    await stack.until_state("two", "Canceled")
    assert len((await stack.truth()).orders) == len(NAMES) + 1


async def test_an_operators_namespace_restored_from_a_backup_is_the_same_journal(stack: Stack) -> None:
    """Receipts come back with new uids, and older than what has happened since."""
    operator, before = await _orders(stack)
    backup = await stack.receipts()
    await stack.cancel("three")
    await stack.until_condition("three", "Completed", "True")
    assert await operator.stop() == 0
    await _vanish_receipts(stack)
    for receipt in backup:
        kept = ("name", "namespace", "labels", "finalizers")
        meta = {key: receipt["metadata"][key] for key in kept if key in receipt["metadata"]}
        await stack.api.create(RECEIPTS, stack.journal, {**receipt, "metadata": meta})
    await operator.start()
    await stack.account_ready()
    await stack.delete("three")
    await stack.until_gone("three")
    await stack.recreate(before["three"])
    obj = await stack.until_condition("three", "Stalled", "True")
    assert obj["status"]["state"] == "Canceled"
    for name in ("one", "two"):
        await stack.cancel(name)
        await stack.until_state(name, "Canceled")
    assert len((await stack.truth()).orders) == len(NAMES)


async def test_a_second_installation_beside_the_first_places_nothing(stack: Stack) -> None:
    _, before = await _orders(stack)
    other = await stack.new_namespace(f"{stack.journal}-b")
    second = await stack.start_operator(namespace=other)
    await stack.order("new", **PATIENT)
    await stack.until_state("new", "Open")
    await asyncio.sleep(3)
    assert len(await stack.order_requests()) == len(NAMES) + 1
    # It follows what the venue has, and has sent nothing of it.
    found = [placement for receipt in await stack.api.list(RECEIPTS, other) for placement in receipt["placements"]]
    assert {(placement["outcome"], placement["reason"]) for placement in found} <= {("Placed", "Adopted")}
    assert second.alive
    for name in before:
        assert condition(await stack.intent(name), "Synced")[0] == "True"
