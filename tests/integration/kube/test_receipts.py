import asyncio

import pytest

from exchange_kernel.api.enums import PlacementOutcome, ReceiptOutcome
from exchange_kernel.api.meta import FINALIZER_JOURNAL
from exchange_kernel.api.order_receipt import OrderReceipt
from exchange_kernel.api.receipt_parts import Claimant
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.counters import Call
from exchange_kernel.kube.errors import AlreadyExists, Conflict, Invalid, Unavailable
from exchange_kernel.kube.receipts import ReceiptStore
from exchange_kernel.kube.resources import RECEIPTS
from support.kube_fakes import receipt
from support.proxy import Drop, Proxy, Reply, matching, once


def claimed_by(one: OrderReceipt, uid: str) -> OrderReceipt:
    claimant = Claimant(namespace="desk", name="entry", uid=uid)
    return one.model_copy(update={"claimant": claimant})


def with_outcome(one: OrderReceipt, outcome: PlacementOutcome) -> OrderReceipt:
    placement = one.placements[0].model_copy(update={"outcome": outcome})
    summary = ReceiptOutcome.PENDING if outcome is PlacementOutcome.PENDING else ReceiptOutcome.RESOLVED
    return one.model_copy(update={"placements": (placement,), "outcome": summary})


async def test_a_receipt_comes_back_as_it_was_written(client: ApiClient, namespace: str) -> None:
    store = ReceiptStore(client, namespace)

    written = await store.create(receipt())

    assert written.metadata.finalizers == (FINALIZER_JOURNAL,)
    assert written.model_copy(update={"metadata": receipt().metadata}) == receipt()
    assert await store.get("receipt-1") == written


async def test_one_identity_gets_one_receipt_however_many_write_it(
    client: ApiClient, other_client: ApiClient, namespace: str
) -> None:
    stores = [ReceiptStore(client, namespace), ReceiptStore(other_client, namespace)]

    outcomes = await asyncio.gather(
        *(stores[n % 2].create(claimed_by(receipt(), f"uid-{n}")) for n in range(20)), return_exceptions=True
    )

    winners = [outcome for outcome in outcomes if isinstance(outcome, OrderReceipt)]
    assert [type(outcome) for outcome in outcomes].count(AlreadyExists) == 19
    assert [await stores[0].get("receipt-1")] == winners


async def test_of_two_who_write_over_the_same_version_one_wins(
    client: ApiClient, other_client: ApiClient, namespace: str
) -> None:
    one, two = ReceiptStore(client, namespace), ReceiptStore(other_client, namespace)
    seen = await one.create(receipt())

    outcomes = await asyncio.gather(
        one.replace(claimed_by(seen, "first")), two.replace(claimed_by(seen, "second")), return_exceptions=True
    )

    winners = [outcome for outcome in outcomes if isinstance(outcome, OrderReceipt)]
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "OrderReceipt"]
    assert [await one.get("receipt-1")] == winners


async def test_the_server_itself_refuses_to_forget_what_was_proven(client: ApiClient, namespace: str) -> None:
    store = ReceiptStore(client, namespace)
    placed = await store.replace(with_outcome(await store.create(receipt()), PlacementOutcome.PLACED))

    with pytest.raises(Invalid, match="Pending"):
        await store.replace(with_outcome(placed, PlacementOutcome.PENDING))


async def test_receipts_are_selected_by_the_server(client: ApiClient, namespace: str) -> None:
    store = ReceiptStore(client, namespace)
    await store.create(receipt("open-1"))
    await store.create(receipt("open-2", account="other"))
    await store.create(receipt("done", outcome="Placed"))

    async def names(**selection: object) -> list[str]:
        return [one.metadata.name for one in (await store.list(**selection)).items]  # type: ignore[arg-type]

    assert await names() == ["done", "open-1", "open-2"]
    assert await names(outcome=ReceiptOutcome.PENDING) == ["open-1", "open-2"]
    assert await names(account=("trading-accounts", "other")) == ["open-2"]
    assert await names(outcome=ReceiptOutcome.RESOLVED, account=("trading-accounts", "other")) == []


async def test_a_deleted_receipt_is_still_there_and_can_still_be_written(client: ApiClient, namespace: str) -> None:
    store = ReceiptStore(client, namespace)
    created = await store.create(receipt())
    await client.delete(RECEIPTS, namespace, "receipt-1", uid=created.metadata.uid)

    terminating = await store.get("receipt-1")

    assert terminating is not None
    assert terminating.metadata.deleting
    with pytest.raises(AlreadyExists):
        await store.create(receipt())
    placed = await store.replace(with_outcome(terminating, PlacementOutcome.PLACED))
    assert placed.placements[0].outcome is PlacementOutcome.PLACED


async def test_the_store_can_delete_what_it_protects(client: ApiClient, namespace: str) -> None:
    store = ReceiptStore(client, namespace)
    created = await store.create(receipt())

    await store.delete(created.metadata)
    await store.delete(created.metadata)

    assert await store.get("receipt-1") is None


async def test_a_terminating_receipt_is_let_go(client: ApiClient, namespace: str) -> None:
    store = ReceiptStore(client, namespace)
    created = await store.create(receipt())
    await client.delete(RECEIPTS, namespace, "receipt-1", uid=created.metadata.uid)
    terminating = await store.get("receipt-1")
    assert terminating is not None

    await store.delete(terminating.metadata)

    assert await store.get("receipt-1") is None


async def test_a_receipt_that_has_changed_is_not_deleted(client: ApiClient, namespace: str) -> None:
    store = ReceiptStore(client, namespace)
    seen = await store.create(receipt())
    await store.replace(claimed_by(seen, "another"))

    with pytest.raises(Conflict):
        await store.delete(seen.metadata)

    kept = await store.get("receipt-1")
    assert kept is not None
    assert kept.metadata.finalizers == (FINALIZER_JOURNAL,)


async def test_a_claim_between_the_two_writes_of_a_delete_wins_and_restores_the_protection(
    proxy: Proxy, through_proxy: ApiClient, client: ApiClient, namespace: str
) -> None:
    direct = ReceiptStore(client, namespace)
    created = await direct.create(receipt())

    async def claim(request: object) -> None:
        if getattr(request, "method", "") == "DELETE":
            current = await direct.get("receipt-1")
            assert current is not None
            await direct.replace(claimed_by(current, "another"))

    proxy.before(claim)

    with pytest.raises(Conflict):
        await ReceiptStore(through_proxy, namespace).delete(created.metadata)

    kept = await direct.get("receipt-1")
    assert kept is not None
    assert (kept.claimant.uid, kept.metadata.finalizers) == ("another", (FINALIZER_JOURNAL,))


# --- answers that get lost


async def test_a_create_whose_answer_is_lost_is_sent_once_and_found_by_reading(
    proxy: Proxy, through_proxy: ApiClient, namespace: str
) -> None:
    store = ReceiptStore(through_proxy, namespace)
    proxy.after(once(matching("POST", "orderreceipts"), Drop()))

    with pytest.raises(Unavailable) as caught:
        await store.create(receipt())

    assert caught.value.maybe_done
    found = await store.get("receipt-1")
    assert found is not None
    assert found.placements == receipt().placements
    assert len(proxy.seen("POST")) == 1


async def test_a_create_that_never_arrives_is_unproven_too_and_not_found(
    proxy: Proxy, through_proxy: ApiClient, namespace: str
) -> None:
    store = ReceiptStore(through_proxy, namespace)
    proxy.before(once(matching("POST", "orderreceipts"), Drop()))

    with pytest.raises(Unavailable):
        await store.create(receipt())

    assert await store.get("receipt-1") is None


async def test_a_replace_whose_answer_is_lost_is_not_sent_again_by_the_http_library(
    proxy: Proxy, through_proxy: ApiClient, namespace: str
) -> None:
    # aiohttp repeats a PUT on a kept-alive connection that breaks. The repetition would meet the first one's version
    # and report a conflict: "somebody else owns the order", although nobody does.
    store = ReceiptStore(through_proxy, namespace)
    seen = await store.create(receipt())
    proxy.after(once(matching("PUT", "orderreceipts"), Drop()))

    with pytest.raises(Unavailable):
        await store.replace(claimed_by(seen, "second"))

    assert len(proxy.seen("PUT")) == 1
    found = await store.get("receipt-1")
    assert found is not None
    assert found.claimant.uid == "second"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_write_that_is_answered_with_5xx_is_unproven_and_sent_once(
    proxy: Proxy, through_proxy: ApiClient, namespace: str, status: int
) -> None:
    proxy.after(once(matching("POST", "orderreceipts"), Reply(status)))

    with pytest.raises(Unavailable) as caught:
        await ReceiptStore(through_proxy, namespace).create(receipt())

    assert caught.value.maybe_done
    assert len(proxy.seen("POST")) == 1


async def test_a_write_that_is_turned_away_with_429_is_sent_again_and_done_once(
    proxy: Proxy, through_proxy: ApiClient, namespace: str
) -> None:
    proxy.before(once(matching("POST", "orderreceipts"), Reply(429, headers={"Retry-After": "1"})))

    created = await ReceiptStore(through_proxy, namespace).create(receipt())

    assert created.metadata.generation == 1
    assert through_proxy.counters.calls[Call("create", "orderreceipts", 429)] == 1
    assert through_proxy.counters.calls[Call("create", "orderreceipts", 201)] == 1


async def test_a_read_survives_lost_answers(proxy: Proxy, through_proxy: ApiClient, namespace: str) -> None:
    store = ReceiptStore(through_proxy, namespace)
    await store.create(receipt())
    proxy.after(once(matching("GET", "orderreceipts"), Drop()))
    proxy.after(once(matching("GET", "orderreceipts"), Reply(503)))

    assert await store.get("receipt-1") is not None
    assert len(proxy.seen("GET", "orderreceipts")) == 3
