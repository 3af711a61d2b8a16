"""Taking over an order that the venue has: what is asked, what is refused, and what is recorded."""

from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.api.enums import TradingState
from exchange_kernel.api.meta import ANNOTATION_ADOPT, ANNOTATION_PAUSED
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core import receipts
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.adoption import owner_of, rival_of
from exchange_kernel.core.decide import decide
from exchange_kernel.core.decision import CreateReceipt, ReadAdoption, Send
from exchange_kernel.core.identity import client_order_id, identity_of
from exchange_kernel.core.venue import Absent, Found, Unknown, VenueStatus
from exchange_kernel.core.view import AdoptionFacts, Asked, NotRead, View
from support.builders import (
    MONOTONIC,
    SYMBOL,
    account,
    held,
    intent,
    market,
    order,
    permit,
    placement,
    receipt,
    said,
    view,
)
from support.decisions.rows import does, says

ORDER = order(client_order_id="by-hand")
ANOTHERS = client_order_id(identity_of(intent(name="another")), 0, 1)
OWN = placement().client_order_id
READ = "ReadAdoption"
TAKEN_OVER = "create Placed/1, beside AddFinalizer"
REFUSED = "Denied AdoptionRefused"


def adopting(order_id: str = "1001", annotations: dict[str, str] | None = None, **fields: Any) -> OrderIntent:  # noqa: ANN401 - as builders.intent
    return intent(annotations={ANNOTATION_ADOPT: order_id, **(annotations or {})}, **fields)


def facts(order_id: str = "1001", *, age: float = 0.1, **changes: Any) -> AdoptionFacts:  # noqa: ANN401 - fields of AdoptionFacts
    return AdoptionFacts(order_id, MONOTONIC - age, **{"order": ORDER, **changes})


def known(wished: OrderIntent | None = None, **changes: Any) -> View:  # noqa: ANN401 - fields of View
    """A view in which everything that adoption asks has been answered."""
    return view(wished or adopting(), **{"adoption": facts(), **changes})


def adopted_before(**fields: Any) -> OrderIntent:  # noqa: ANN401 - as builders.intent
    """An object that followed an order placed by hand; its annotation is gone since."""
    status = said(State.OPEN, client_order_id="by-hand", exchange_order_id="1001")
    return intent(held=True, status=status, **fields)


CASES: list[tuple[str, View, str, str]] = [
    ("the receipt is read before anything else", known(journal=NotRead()), "ReadReceipt", "-"),
    ("the order and its owners are read", view(adopting()), READ, "Pending LookingUp"),
    ("facts of another order say nothing", known(adopting("1002")), READ, "Pending LookingUp"),
    ("old facts are not acted upon", known(adoption=facts(age=6)), READ, "Pending LookingUp"),
    ("questions are paced", view(adopting(), looked=Asked(MONOTONIC, 1)), "rest", "Pending LookingUp"),
    ("an order that nobody has is recorded as placed", known(), TAKEN_OVER, "-"),
    ("an order without a client id as well", known(adoption=facts(order=order(client_order_id=""))), TAKEN_OVER, "-"),
    ("an own order of a former life, too", known(adoption=facts(order=order())), TAKEN_OVER, "-"),
    ("an order that has ended, too", known(adoption=facts(order=order(VenueStatus.CANCELED))), TAKEN_OVER, "-"),
    ("AdoptOnly is no obstacle", known(adopting(placement={"policy": "AdoptOnly"})), TAKEN_OVER, "-"),
    ("a halt is no obstacle", known(account=account(trading_state=TradingState.HALTED)), TAKEN_OVER, "-"),
    ("a canceled wish takes it over, to cancel", known(adopting(desiredState="Canceled")), TAKEN_OVER, "-"),
    ("nor is a crash after the finalizer", known(adopting(held=True)), "create Placed/1", "-"),
    ("a denial before the annotation is no obstacle", known(adopting(status=said(State.DENIED))), TAKEN_OVER, "-"),
    ("what has ended stays ended", known(adopting(status=said(State.EXPIRED))), "rest", "-"),
    ("no id is not asked for", view(adopting("1001; drop")), "rest", REFUSED),
    ("an unknown order", known(adoption=facts(order=None)), "rest", REFUSED),
    ("a refusal is judged again later", known(adoption=facts(order=None, age=31)), READ, "Pending LookingUp"),
    ("an order in a receipt", known(adoption=facts(taken_by="trading/first")), "rest", REFUSED),
    ("an order that another object names", known(adoption=facts(named_by="trading/first")), "rest", REFUSED),
    ("another identity's order", known(adoption=facts(order=order(client_order_id=ANOTHERS))), "rest", REFUSED),
    ("another side", known(adopting(side="Sell")), "rest", REFUSED),
    ("another quantity", known(adopting(quantity="0.4")), "rest", REFUSED),
    ("another type", known(adopting(type="Market", price=None)), "rest", REFUSED),
    ("another account's namespace", known(account=account(allowed=False)), "rest", "Denied NamespaceNotAllowed"),
    ("a paused object", known(adopting(annotations={ANNOTATION_PAUSED: "true"})), "rest", "Pending Paused"),
    (
        "an account that is not ready",
        known(account=account(problem=Problem("VenueUnreachable", "no answer"))),
        "rest",
        "Pending AccountNotReady",
    ),
    (
        "a foreign journal may have the order",
        known(account=account(journal_problem=Problem("JournalForeign", "take it over"))),
        "rest",
        "Pending JournalForeign",
    ),
    ("a lost receipt is asked for by the venue's id", view(adopted_before()), READ, "Open LookingUp"),
    (
        "and made again, whoever names the order",
        known(adopted_before(), adoption=facts(named_by="a/b")),
        "create Placed/1",
        "-",
    ),
    (
        "but not when another object has it",
        known(adopted_before(), adoption=facts(taken_by="a/b")),
        "rest",
        "Open AdoptionRefused",
    ),
    ("deleted: taken over again, to be canceled", known(adopted_before(deleting=True)), "create Placed/1", "-"),
    (
        "deleted, and it is another object's: let go",
        known(adopted_before(deleting=True), adoption=facts(taken_by="a/b")),
        "RemoveFinalizer",
        "Canceled Canceled",
    ),
    ("deleted before it had the order", known(adopting(deleting=True)), "rest", "-"),
]


@pytest.mark.parametrize(("why", "one", "wanted", "words"), CASES, ids=[case[0].replace(" ", "-") for case in CASES])
def test_adoption_is_decided_as_written(why: str, one: View, wanted: str, words: str) -> None:
    decision = decide(one)

    assert (does(decision), says(one, decision)) == (wanted, words), f"{why}: {decision.why}"


def test_the_record_has_the_venues_words() -> None:
    wanted = order(client_order_id="by-hand", price=Decimal(49000))
    record = decide(known(adoption=facts(order=wanted))).record

    assert isinstance(record, CreateReceipt)
    assert record.permits is None, "nothing may be sent under it"
    made = receipts.latest(record.receipt)
    assert (made.client_order_id, made.exchange_order_id, made.reason) == ("by-hand", "1001", "Adopted")
    assert (made.quantity, made.price) == (Decimal("0.5"), Decimal(49000))


def test_without_a_client_order_id_of_its_own_the_order_is_recorded_under_the_computed_one() -> None:
    record = decide(known(adoption=facts(order=order(client_order_id="")))).record

    assert record is not None
    assert receipts.latest(record.receipt).client_order_id == OWN


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (known(adoption=facts(taken_by="trading/first")), "trading/first"),
        (known(adoption=facts(named_by="trading/first")), "trading/first"),
        (known(adopting(quantity="0.4")), "quantity is 0.5, not 0.4"),
        (known(adopting(quantity=None, price=None, type="Market", quoteQuantity="9")), "quantity is 0.5, and quote"),
        (known(adoption=facts(order=order(client_order_id="x", quantity=None))), "does not tell its quantity"),
        (known(adopting(side="Sell", type="Market", price=None)), "side is Buy; type is not Market"),
        (known(adoption=facts(order=order(client_order_id="x", price=None))), "it has no limit price"),
        (known(adoption=facts(order=order(client_order_id="x", trigger_price=Decimal(1)))), "the trigger price 1"),
        (known(adoption=facts(order=order(client_order_id=ANOTHERS))), ANOTHERS),
        (known(adoption=facts(order=None)), f"no {SYMBOL} order 1001"),
        (known(adopting("not an id")), "'not an id'"),
    ],
)
def test_a_refusal_says_what_is_wrong(one: View, words: str) -> None:
    assert words in (decide(one).status.message or "")


def test_a_failed_question_is_told_and_repeated() -> None:
    away = view(adopting(), observed=Unknown("VenueUnavailable", "no route"), looked=Asked(MONOTONIC, 2))
    decision = decide(away)

    assert decision.requeue_after == pytest.approx(1.0)
    assert "no route" in (decision.status.message or "")


def test_a_refused_object_is_not_placed_when_its_annotation_goes() -> None:
    refused = decide(known(adopting(quantity="0.4"))).status
    without = view(intent(quantity="0.4", status=refused))

    assert does(decide(without)) == "rest"


NEVER_SENT = [
    view(adopting(held=True), journal=held(placement()), permit=permit(), observed=Absent(MONOTONIC, complete=False)),
    view(
        adopting(held=True, status=said(State.PENDING, client_order_id=OWN)),
        journal=held(placement(Outcome.NOT_PLACED)),
        observed=Absent(MONOTONIC, complete=True),
    ),
    view(adopting(), observed=Absent(MONOTONIC, complete=True)),
    view(adopting(), journal=NotRead()),
    view(adopting(), observed=Found(order())),
]


@pytest.mark.parametrize("one", NEVER_SENT, ids=["permit", "next-attempt", "absent", "not-read", "found"])
def test_nothing_is_placed_while_the_annotation_is_set(one: View) -> None:
    decision = decide(one)

    assert decision.record is None or decision.record.permits is None
    assert not any(isinstance(action, Send) for action in decision.actions)


def test_a_new_attempt_waits_with_a_message_while_the_annotation_is_set() -> None:
    decision = decide(NEVER_SENT[1])

    assert "remove the annotation" in (decision.status.message or "")


def test_the_question_names_symbol_and_id() -> None:
    assert decide(view(adopting())).actions == (ReadAdoption(SYMBOL, "1001"),)


# --- whose it is ----------------------------------------------------------------------------------------------------

FIRST = intent(name="first", uid="uid-9")
RECORDED = receipt(placement(Outcome.PLACED, identity=identity_of(FIRST)), of=FIRST)


def test_a_receipt_with_the_venues_id_in_any_placement_owns_the_order() -> None:
    second = placement(Outcome.NOT_PLACED, attempt=2, identity=identity_of(FIRST))
    longer = receipts.with_placement(RECORDED, second)

    assert owner_of("1001", adopting(), [longer], []) == "trading/first"
    assert owner_of("1002", adopting(), [longer], []) == ""


def test_the_receipt_of_this_very_order_is_not_another_owner() -> None:
    own = receipt(placement(Outcome.PLACED))

    assert owner_of("1001", adopting(uid="uid-2"), [own], []) == ""


def test_an_id_of_another_symbol_is_another_order() -> None:
    elsewhere = intent(name="first", uid="uid-9", symbol="ETH/USDT")

    assert owner_of("1001", adopting(), [RECORDED], [elsewhere]) == ""
    assert owner_of("1001", adopting(), [RECORDED], [FIRST]) == "trading/first"
    assert rival_of(adopting(), [elsewhere]) == ""


def test_another_object_that_names_the_order_is_a_rival() -> None:
    asking = adopting()

    assert rival_of(asking, [asking]) == ""
    assert rival_of(asking, [asking, adopting(name="other", uid="uid-3")]) == "trading/other"
    assert rival_of(asking, [adopting(name="other", uid="uid-3", accountRef={"name": "spare"})]) == ""


def test_a_symbol_that_the_account_does_not_have_is_denied_before_the_venue_is_asked() -> None:
    decision = decide(view(adopting(symbol="BTC/EUR"), account=account(markets={SYMBOL: market()})))

    assert (does(decision), decision.status.state) == ("rest", State.DENIED)


def test_only_a_placement_is_recorded_without_reading_the_receipt_first() -> None:
    found = {"journal": NotRead(), "observed": Found(order())}

    assert does(decide(view(intent(placement={"policy": "AdoptOnly"}), **found))) == "ReadReceipt"
    assert does(decide(view(**found))).startswith("create Pending/1")
