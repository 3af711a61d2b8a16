"""An order is its name, not its object: what happens when objects, receipts or the journal are replaced or lost."""

import asyncio
from typing import Any

import pytest

from exchange_kernel.api.meta import (
    ANNOTATION_CLAIMED,
    ANNOTATION_CONFIRM,
    ANNOTATION_TAKE_OVER,
    FINALIZER_CANCEL_ORDER,
)
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.identity import client_order_id, identity_of
from exchange_kernel.kube.objects import read_object
from exchange_kernel.kube.resources import ACCOUNTS, INTENTS, RECEIPTS, SECRETS
from support.dialects import on_both_venues
from support.operator_process import OperatorProcess
from support.stack import Stack

Json = Any
PATIENT = {"placement": {"startingDeadlineSeconds": 600}}


async def _open_order(stack: Stack) -> tuple[OperatorProcess, Json]:
    """A running operator with one resting order."""
    operator = await stack.start_operator()
    await stack.open_account()
    await stack.account_ready()
    await stack.order("buy", **PATIENT)
    return operator, await stack.until_state("buy", "Open")


async def _lose_receipts(stack: Stack) -> None:
    for receipt in await stack.receipts():
        await stack.vanish(RECEIPTS, stack.journal, receipt["metadata"]["name"])


def _confirmation(obj: Json, attempt: int) -> str:
    """What a human has to write, made here from the names alone."""
    identity = identity_of(read_object(OrderIntent, obj))
    return f"{client_order_id(identity, 0, attempt)}/{attempt}"


@on_both_venues
async def test_applying_a_canceled_order_again_is_the_same_order_and_places_nothing(shared: Stack) -> None:
    await shared.order("buy", **PATIENT)
    first = await shared.until_state("buy", "Open")
    await shared.delete("buy")
    await shared.until_gone("buy")
    await shared.recreate(first)
    obj = await shared.until_condition("buy", "Stalled", "True", "EndedBefore")
    assert obj["status"]["state"] == "Canceled"
    assert "new name" in obj["status"]["message"]
    await shared.exactly_one_order()


@on_both_venues
async def test_applying_a_filled_order_again_shows_the_fill_and_buys_nothing(shared: Stack) -> None:
    await shared.order("buy", type="Market", quantity="0.001", **PATIENT)
    first = await shared.until_condition("buy", "Completed", "True")
    await shared.delete("buy")
    await shared.until_gone("buy")
    await shared.recreate(first)
    obj = await shared.until_condition("buy", "Completed", "True")
    assert (obj["status"]["state"], obj["status"]["filledQuantity"]) == ("Filled", "0.001")
    await shared.exactly_one_order()


@on_both_venues
async def test_an_object_with_another_uid_takes_the_living_order_over(stack: Stack) -> None:
    """As Argo CD's Replace=true, or a force of Flux, does it: the finalizer is stripped, the object created anew."""
    operator, first = await _open_order(stack)
    operator.freeze()  # so that it sees nothing in between: the worst case
    await stack.strip(INTENTS, stack.namespace, "buy")
    await stack.vanish(INTENTS, stack.namespace, "buy")
    second = await stack.recreate(first)
    operator.thaw()
    assert second["metadata"]["uid"] != first["metadata"]["uid"]
    obj = await stack.until("buy", lambda obj: obj["metadata"].get("finalizers"), what="held again")
    obj = await stack.until_state("buy", "Open")
    assert obj["status"]["exchangeOrderId"] == first["status"]["exchangeOrderId"]
    (receipt,) = await stack.receipts()
    assert receipt["claimant"]["uid"] == second["metadata"]["uid"]
    await stack.delete("buy")
    await stack.until_gone("buy")
    assert (await stack.exactly_one_order())["status"] == "CANCELED"


@on_both_venues
async def test_objects_that_are_restored_without_status_find_their_orders(stack: Stack) -> None:
    """A backup restores objects with their finalizers and annotations, under other uids, without a status."""
    operator, first = await _open_order(stack)
    assert await operator.stop() == 0
    await stack.vanish(INTENTS, stack.namespace, "buy")
    await stack.recreate(first, finalizers=first["metadata"]["finalizers"])
    await operator.start()
    obj = await stack.until_state("buy", "Open")
    assert obj["status"]["exchangeOrderId"] == first["status"]["exchangeOrderId"]
    await stack.exactly_one_order()


@on_both_venues
async def test_a_working_order_whose_receipt_was_lost_is_adopted_again(stack: Stack) -> None:
    operator, first = await _open_order(stack)
    assert await operator.stop() == 0
    await _lose_receipts(stack)
    await operator.start()
    await stack.patch_intent("buy", {"metadata": {"labels": {"touched": "yes"}}})
    await stack.cancel("buy")
    obj = await stack.until_state("buy", "Canceled")
    assert obj["status"]["exchangeOrderId"] == first["status"]["exchangeOrderId"]
    assert (await stack.exactly_one_order())["status"] == "CANCELED"


@pytest.mark.slow
async def test_without_receipt_status_and_order_nothing_is_placed_before_a_human_confirms(stack: Stack) -> None:
    """Receipts and statuses are lost while the operator is away, and the order has gone from the venue's memory."""
    operator, first = await _open_order(stack)
    assert await operator.stop() == 0
    await _lose_receipts(stack)
    await stack.vanish(INTENTS, stack.namespace, "buy")
    restored = await stack.recreate(first, finalizers=[FINALIZER_CANCEL_ORDER])
    assert restored["metadata"].get("annotations", {}).get(ANNOTATION_CLAIMED) != restored["metadata"]["uid"]
    keys = stack.venue.keys["main"]
    await stack.venue.restart(forget=True)
    await stack.control.create_account("main", {"USDT": "1000000"}, ({"key": keys.key, "secret": keys.secret},))
    await operator.start()
    obj = await stack.until_condition("buy", "Stalled", "True", "ConfirmationRequired", seconds=80)
    wanted = _confirmation(obj, 2)
    assert wanted in obj["status"]["message"]
    for wrong in ("yes", _confirmation(obj, 1), wanted.partition("/")[0], f"{wanted.partition('/')[0]}/3"):
        await stack.annotate(INTENTS, "buy", ANNOTATION_CONFIRM, wrong)
        await asyncio.sleep(1)
        assert (await stack.truth()).orders == ()
    await stack.annotate(INTENTS, "buy", ANNOTATION_CONFIRM, wanted)
    await stack.until_state("buy", "Open")
    assert len((await stack.truth()).orders) == 1


@on_both_venues
async def test_a_second_installation_places_nothing_until_the_journal_is_handed_over(stack: Stack) -> None:
    operator, first = await _open_order(stack)
    assert await operator.stop() == 0
    other = await stack.new_namespace(f"{stack.journal}-b")
    await stack.start_operator(namespace=other)
    account = await stack.until_account("main", "Stalled", "True", "JournalForeign")
    uid = account["status"]["journal"]["uid"]
    assert f"{ANNOTATION_TAKE_OVER}={uid}" in account["status"]["message"]
    await stack.order("new", **PATIENT)
    await stack.until_condition("new", "Stalled", "True", "JournalForeign")
    await asyncio.sleep(1)
    await stack.exactly_one_order()
    # What works already is watched and can be canceled.
    await stack.cancel("buy")
    obj = await stack.until_state("buy", "Canceled")
    assert obj["status"]["exchangeOrderId"] == first["status"]["exchangeOrderId"]
    await stack.annotate(ACCOUNTS, "main", ANNOTATION_TAKE_OVER, "some-other-uid")
    await asyncio.sleep(1)
    assert len((await stack.truth()).orders) == 1
    await stack.annotate(ACCOUNTS, "main", ANNOTATION_TAKE_OVER, uid)
    await stack.until_account("main", "Ready", "True")
    await stack.until_state("new", "Open")
    assert len((await stack.truth()).orders) == 2


@on_both_venues
async def test_a_second_object_with_the_same_intent_id_is_denied_and_its_deletion_harms_nothing(shared: Stack) -> None:
    await shared.order("one", intentId="trade-7", **PATIENT)
    await shared.until_state("one", "Open")
    await shared.order("two", intentId="trade-7", **PATIENT)
    obj = await shared.until_condition("two", "Stalled", "True", "DuplicateIntentId")
    assert shared.named("one") in obj["status"]["message"]
    await shared.delete("two")
    await shared.until_gone("two")
    assert (await shared.exactly_one_order())["status"] == "NEW"
    assert (await shared.intent("one"))["status"]["state"] == "Open"


@on_both_venues
async def test_a_used_name_with_another_side_is_denied(shared: Stack) -> None:
    await shared.order("trade", **PATIENT)
    await shared.until_state("trade", "Open")
    await shared.delete("trade")
    await shared.until_gone("trade")
    await shared.order("trade", side="Sell", price="90000", **PATIENT)
    obj = await shared.until_condition("trade", "Stalled", "True", "IdentityReused")
    assert obj["status"]["state"] == "Denied"
    await shared.exactly_one_order()


@on_both_venues
async def test_an_order_that_is_orphaned_and_applied_again_is_adopted(shared: Stack) -> None:
    await shared.order("buy", deletionPolicy="Orphan", **PATIENT)
    first = await shared.until_state("buy", "Open")
    await shared.delete("buy")
    await shared.until_gone("buy")
    await shared.recreate(first)
    obj = await shared.until_state("buy", "Open")
    assert obj["status"]["exchangeOrderId"] == first["status"]["exchangeOrderId"]
    await shared.exactly_one_order()


@on_both_venues
async def test_another_account_behind_the_same_name_is_noticed_and_nothing_is_sent(stack: Stack) -> None:
    """The Secret gets the key of another account at the venue while the operator is away."""
    operator, _ = await _open_order(stack)
    assert await operator.stop() == 0
    (other,) = await stack.control.create_account("other", {"USDT": "1000000"})
    body = {"stringData": {"apiKey": other.key, "secret": other.secret}}
    await stack.api.merge_patch(SECRETS, stack.namespace, "main", body)
    await operator.start()
    await stack.until_account("main", "Stalled", "True", "AccountChanged")
    await stack.order("new", **PATIENT)
    await stack.until_condition("new", "Stalled", "True", "AccountChanged")
    await asyncio.sleep(1)
    assert (await stack.truth("other")).orders == ()
    await stack.exactly_one_order()
