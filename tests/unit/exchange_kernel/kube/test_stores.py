import orjson
import pytest

from exchange_kernel.api.account_state import AccountState
from exchange_kernel.api.enums import OrderStateName, ReceiptOutcome
from exchange_kernel.api.meta import ANNOTATION_ADOPT, FINALIZER_CANCEL_ORDER, FINALIZER_JOURNAL
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.kube.accounts import AccountStateStore, SecretStore
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.crds import KindsMissing, check_kinds
from exchange_kernel.kube.errors import AlreadyExists, Conflict, Malformed, Unavailable
from exchange_kernel.kube.intents import IntentStore
from exchange_kernel.kube.journal import JournalRoot, JournalStore
from exchange_kernel.kube.receipts import ReceiptStore
from exchange_kernel.kube.resources import INTENTS, RECEIPTS
from exchange_kernel.kube.transport import Request
from support.kube_fakes import ScriptedTransport, answer, intent_object, meta, receipt, refusal, stored


def sent(request: Request) -> dict[str, object]:
    body: dict[str, object] = orjson.loads(request.body or b"{}")
    return body


def stored_receipt(**metadata: object) -> dict[str, object]:
    return stored(receipt().to_object(), namespace="kernel", **metadata)


# --- intents


@pytest.mark.parametrize("status", [409, 422])
async def test_a_finalizer_that_meets_another_state_is_a_conflict(status: int) -> None:
    wire = ScriptedTransport(refusal(status, "Conflict" if status == 409 else "Invalid"))

    with pytest.raises(Conflict):
        await IntentStore(ApiClient(wire)).add_finalizer(meta())


async def test_a_finalizer_of_an_object_that_is_gone_needs_no_removal() -> None:
    wire = ScriptedTransport(refusal(404, "NotFound"))

    assert await IntentStore(ApiClient(wire)).remove_finalizer(meta(finalizers=[FINALIZER_CANCEL_ORDER])) is None


async def test_the_objects_that_name_an_order_do_so_by_annotation_or_status() -> None:
    plain = stored(intent_object(), name="plain")
    asking = stored(intent_object(), name="asking", annotations={ANNOTATION_ADOPT: "7"})
    following = stored(intent_object(), name="following") | {"status": {"exchangeOrderId": "7"}}
    other = stored(intent_object(), name="other", annotations={ANNOTATION_ADOPT: "8"})
    broken = stored(intent_object(), name="broken", annotations={ANNOTATION_ADOPT: "7"}) | {"spec": {"surprise": 1}}
    items = [plain, asking, following, other, broken]
    wire = ScriptedTransport(answer(200, {"metadata": {"resourceVersion": "1"}, "items": items}))

    found = await IntentStore(ApiClient(wire)).naming("7")

    assert [intent.metadata.name for intent in found] == ["asking", "following"]


async def test_a_status_that_stays_the_same_costs_no_request() -> None:
    wire = ScriptedTransport()
    intent = OrderIntent.from_object(stored(intent_object()))

    assert await IntentStore(ApiClient(wire)).patch_status(intent.metadata, intent.status, intent.status) is None
    assert not wire.requests


async def test_a_status_write_returns_the_newest_object() -> None:
    wire = ScriptedTransport(answer(200, stored(intent_object(), resourceVersion="8")))
    intent = OrderIntent.from_object(stored(intent_object()))
    following = intent.status.model_copy(update={"state": OrderStateName.OPEN})

    newest = await IntentStore(ApiClient(wire)).patch_status(intent.metadata, intent.status, following)

    assert newest is not None
    assert newest.metadata.resource_version == "8"
    assert sent(wire.requests[0]) == {"metadata": {"resourceVersion": "7"}, "status": {"state": "Open"}}


async def test_one_unreadable_intent_does_not_hide_the_others() -> None:
    broken = stored(intent_object(name="broken", fromTheFuture="x"))
    page = {"items": [stored(intent_object()), broken], "metadata": {}}

    listed = await IntentStore(ApiClient(ScriptedTransport(answer(200, page)))).list()

    assert [intent.metadata.name for intent in listed.items] == ["entry"]
    assert [(one.meta.name, "fromTheFuture" in one.problem) for one in listed.unreadable] == [("broken", True)]


async def test_an_unreadable_intent_names_the_field_and_not_its_value() -> None:
    wire = ScriptedTransport(answer(200, stored(intent_object(price={"sekret": 1}))))

    with pytest.raises(Malformed, match=r"OrderIntent desk/entry: spec\.price") as caught:
        await IntentStore(ApiClient(wire)).get("desk", "entry")

    assert "sekret" not in str(caught.value)


# --- receipts


async def test_a_receipt_is_created_with_the_finalizer_that_protects_it() -> None:
    wire = ScriptedTransport(answer(201, stored_receipt()))

    await ReceiptStore(ApiClient(wire), "kernel").create(receipt())

    assert sent(wire.requests[0])["metadata"] == {
        "name": "receipt-1",
        "namespace": "kernel",
        "finalizers": [FINALIZER_JOURNAL],
    }


async def test_a_missing_receipt_is_none_and_an_unreadable_one_is_an_error() -> None:
    broken = stored_receipt() | {"placements": "?"}
    store = ReceiptStore(ApiClient(ScriptedTransport(refusal(404, "NotFound"), answer(200, broken))), "kernel")

    assert await store.get("receipt-1") is None
    with pytest.raises(Malformed):
        await store.get("receipt-1")


async def test_a_terminating_receipt_still_counts() -> None:
    doomed = stored_receipt(deletionTimestamp="2026-01-02T03:04:05Z", finalizers=[FINALIZER_JOURNAL])
    found = await ReceiptStore(ApiClient(ScriptedTransport(answer(200, doomed))), "kernel").get("receipt-1")

    assert found is not None
    assert found.metadata.deleting


async def test_a_receipt_without_a_version_is_never_written_over_another() -> None:
    wire = ScriptedTransport()

    with pytest.raises(ValueError, match="resourceVersion"):
        await ReceiptStore(ApiClient(wire), "kernel").replace(receipt())

    assert not wire.requests


async def test_a_lost_answer_to_a_journal_write_is_unproven() -> None:
    wire = ScriptedTransport(Unavailable("lost"))

    with pytest.raises(Unavailable) as caught:
        await ReceiptStore(ApiClient(wire), "kernel").create(receipt())

    assert caught.value.maybe_done
    assert len(wire.requests) == 1


async def test_receipts_are_selected_by_outcome_and_account() -> None:
    wire = ScriptedTransport(answer(200, {"items": [], "metadata": {}}))

    await ReceiptStore(ApiClient(wire), "kernel").list(
        outcome=ReceiptOutcome.PENDING, account=("trading-accounts", "paper")
    )

    assert wire.requests[0].query["fieldSelector"] == (
        "outcome=Pending,identity.accountNamespace=trading-accounts,identity.accountName=paper"
    )


async def test_a_receipt_is_deleted_in_the_state_that_the_finalizers_removal_left() -> None:
    wire = ScriptedTransport(answer(200, stored_receipt(resourceVersion="8")), answer(200))
    seen = meta(namespace="kernel", name="receipt-1", finalizers=[FINALIZER_JOURNAL])

    await ReceiptStore(ApiClient(wire), "kernel").delete(seen)

    assert [request.method for request in wire.requests] == ["PATCH", "DELETE"]
    assert sent(wire.requests[1])["preconditions"] == {"uid": "uid-1", "resourceVersion": "8"}


async def test_a_receipt_that_was_claimed_meanwhile_is_not_deleted() -> None:
    wire = ScriptedTransport(answer(200, stored_receipt(resourceVersion="8")), refusal(409, "Conflict"))
    seen = meta(namespace="kernel", name="receipt-1", finalizers=[FINALIZER_JOURNAL])

    with pytest.raises(Conflict):
        await ReceiptStore(ApiClient(wire), "kernel").delete(seen)


# --- journal


async def test_the_journal_is_not_created_by_looking_for_it() -> None:
    wire = ScriptedTransport(refusal(404, "NotFound"))

    assert await JournalStore(ApiClient(wire), "kernel").find() is None
    assert len(wire.requests) == 1


async def test_of_two_who_create_the_journal_both_get_the_same() -> None:
    theirs = {"metadata": {"namespace": "kernel", "name": "exchange-kernel-journal", "uid": "theirs"}}
    wire = ScriptedTransport(refusal(409, "AlreadyExists"), answer(200, theirs))

    assert await JournalStore(ApiClient(wire), "kernel").create() == JournalRoot("kernel", "theirs")


# --- account states and secrets


def state(**fields: object) -> AccountState:
    return AccountState.from_object({"metadata": {"namespace": "trading-accounts", "name": "paper"}, **fields})


async def test_an_account_state_that_stays_the_same_costs_no_request() -> None:
    wire = ScriptedTransport()
    previous = AccountState.from_object(stored(state(openOrders=2).to_object()))

    assert await AccountStateStore(ApiClient(wire)).write(previous, state(openOrders=2)) is None
    assert not wire.requests


async def test_an_account_state_is_replaced_only_over_the_version_that_was_seen() -> None:
    wire = ScriptedTransport(answer(200, stored(state(openOrders=3).to_object(), resourceVersion="8")))
    previous = AccountState.from_object(stored(state(openOrders=2).to_object()))

    newest = await AccountStateStore(ApiClient(wire)).write(previous, state(openOrders=3))

    assert newest is not None
    assert newest.open_orders == 3
    body = orjson.loads(wire.requests[0].body or b"")
    assert (wire.requests[0].method, body["metadata"]["resourceVersion"]) == ("PUT", "7")


async def test_the_first_account_state_is_created_and_not_put_over_another() -> None:
    wire = ScriptedTransport(refusal(409, "AlreadyExists"))

    with pytest.raises(AlreadyExists):
        await AccountStateStore(ApiClient(wire)).write(None, state())

    assert wire.requests[0].method == "POST"


async def test_a_secret_never_shows_its_values() -> None:
    body = {
        "metadata": {"namespace": "trading-accounts", "name": "keys", "uid": "u"},
        "type": "exchangekernel.dev/credentials",
        "data": {"apiKey": "czNrcjN0", "secret": "czNrcjN0"},
    }
    secret = await SecretStore(ApiClient(ScriptedTransport(answer(200, body)))).get("trading-accounts", "keys")

    assert secret.credentials.api_key.get_secret_value() == "s3kr3t"
    assert "s3kr3t" not in repr(secret)


# --- kinds


async def test_missing_kinds_are_named_together_with_the_command_that_installs_them() -> None:
    discovery = {"resources": [{"name": "orderintents"}, {"name": "orderintents/status"}]}

    with pytest.raises(KindsMissing, match=r"(?s)orderreceipts.*kubectl apply .*-f crds/") as caught:
        await check_kinds(ApiClient(ScriptedTransport(answer(200, discovery))), [INTENTS, RECEIPTS])

    assert "orderintents" not in str(caught.value)


async def test_a_group_that_nobody_serves_counts_as_missing() -> None:
    with pytest.raises(KindsMissing):
        await check_kinds(ApiClient(ScriptedTransport(refusal(404, "NotFound"))), [INTENTS])


async def test_kinds_that_are_served_are_fine() -> None:
    discovery = {"resources": [{"name": "orderintents"}, {"name": "orderreceipts"}]}

    await check_kinds(ApiClient(ScriptedTransport(answer(200, discovery))), [INTENTS, RECEIPTS])
