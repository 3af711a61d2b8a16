"""Decisions about a change of an order that works: each a sentence, a view, and what is decided.

The default order, 0.5 at 50000, works; the spec asks for something else.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from exchange_kernel.api.enums import AmendPhase, TradingState
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.api.order_receipt import ReceiptPlacement
from exchange_kernel.api.receipt_parts import AmendRecord, AmendTarget, FillSum
from exchange_kernel.core import receipts
from exchange_kernel.core.account_facts import Holdings
from exchange_kernel.core.outcomes import AmendRefused, AmendUnknown, NotPlaced, Placed
from exchange_kernel.core.requests import AmendChange, AmendRequest
from exchange_kernel.core.venue import Absent, Found, VenueOrder, VenueStatus
from exchange_kernel.core.view import AmendTry, Asked, Held, Permit, Reread, View
from support import builders
from support.builders import MONOTONIC, M, R, S, account, held, intent, order, placement, said, view
from support.decisions.cases import Case

ID, NEXT = placement().client_order_id, placement(revision=1).client_order_id
PLACED = placement(Outcome.PLACED)
DOWN = frozenset({AmendChange.QUANTITY_DOWN})
EVERYTHING = frozenset(AmendChange)
LOWER = {"quantity": "0.4"}
CANCELED = order(VenueStatus.CANCELED)
PARTLY = order(VenueStatus.CANCELED, "0.2")


def amending(phase: AmendPhase = AmendPhase.CANCELING) -> AmendRecord:
    """The record of the first amend."""
    return AmendRecord(revision=1, phase=phase, target=AmendTarget(quantity=Decimal("0.4")), started_at=builders.WALL)


def in_place(*changes: AmendChange) -> Any:  # noqa: ANN401 - AccountFacts
    """An account at a venue that makes these changes in place."""
    return account(rules=replace(builders.RULES, amends={"Limit": frozenset(changes)}), polled_at=MONOTONIC)


def works(spec: dict[str, Any], seen: VenueOrder | None = None, **changes: Any) -> View:  # noqa: ANN401 - fields of View
    """The order works, and the spec asks for `spec`."""
    known = said(State.OPEN, client_order_id=ID, exchange_order_id="1001")
    wished = intent(held=True, status=known, **spec)
    record = changes.pop("amend", None)
    made = {"journal": held(PLACED, of=wished, amend=record), "account": account(polled_at=MONOTONIC), **changes}
    return view(wished, observed=Found(seen or order()), observed_at=MONOTONIC, **made)


def replaced(latest: Outcome, spec: dict[str, Any], former: str = "0", **changes: Any) -> View:  # noqa: ANN401 - fields of View
    """The first order was canceled with `former` filled, and the replacement is recorded."""
    known = said(State.OPEN, client_order_id=ID, exchange_order_id="1001")
    wished = intent(held=True, status=known, **spec)
    filled = Decimal(former)
    old = PLACED.model_copy(update={"closed": True, "filled": FillSum(quantity=filled, cost=filled * 50000)})
    new = placement(latest, revision=1, quantity=Decimal("0.4") - filled, exchange_order_id="1002")
    record = amending(AmendPhase.CREATING) if latest is not Outcome.PLACED else None
    made = {"journal": held(old, new, of=wished, amend=record), "account": account(polled_at=MONOTONIC), **changes}
    return view(wished, **made)


def second(status: VenueStatus = VenueStatus.OPEN, filled: str = "0") -> VenueOrder:
    """The replacement at the venue."""
    return order(status, filled, client_order_id=NEXT, exchange_order_id="1002", quantity=Decimal("0.4"))


def tried(outcome: Any, ago: float = 0.0) -> AmendTry:  # noqa: ANN401 - an AmendOutcome
    """This process has asked for a lower quantity."""
    asked = AmendRequest("1001", ID, builders.SYMBOL, "Buy", "Limit", quantity=Decimal("0.4"))
    return AmendTry(asked, outcome, MONOTONIC - ago)


REDUCING = account(
    polled_at=MONOTONIC,
    trading_state=TradingState.REDUCE_ONLY,
    holdings=Holdings({"BTC": Decimal("0.1")}, builders.WALL),
)
CHANGING = replace(builders.RULES, amends={"Limit": EVERYTHING})


def holding(recorded: Decimal) -> View:
    """The request for a replacement of this quantity is recorded and about to be sent; the spec asks for 0.4."""
    one = replaced(Outcome.PENDING, LOWER, account=REDUCING, observed=Absent(MONOTONIC, complete=False))
    assert isinstance(one.journal, Held)
    old, new = one.journal.receipt.placements
    placements = (old, new.model_copy(update={"quantity": recorded}))
    receipt = one.journal.receipt.model_copy(update={"placements": placements})
    return replace(one, journal=replace(one.journal, receipt=receipt), permit=Permit(NEXT, MONOTONIC, S))


def _off(spec: dict[str, Any], **facts: Any) -> Callable[[], View]:  # noqa: ANN401 - fields of AccountFacts
    return lambda: works(spec, account=account(polled_at=MONOTONIC, **facts))


def _settled(part: ReceiptPlacement, order_: VenueOrder) -> View:
    one = replaced(Outcome.PLACED, LOWER, observed=Found(second()), observed_at=MONOTONIC)
    assert part.exchange_order_id is not None
    return replace(one, former={"1001": Reread(order_, MONOTONIC + M)}, now=replace(one.now, monotonic=MONOTONIC + M))


AMENDS: tuple[Case, ...] = (
    # What is a change.
    Case(
        "the same numbers in other digits are no change", lambda: works({"quantity": "0.500"}), "rest", "Open Working"
    ),
    Case(
        "a number that was rounded when it was sent is no change",
        lambda: works({"quantity": "0.500001", "roundingPolicy": "Conservative"}),
        "rest",
        "Open Working",
    ),
    Case(
        "a change is recorded before anything is canceled",
        lambda: works(LOWER),
        "write Placed/1 Canceling",
        "Open Amending",
    ),
    Case("a price is a change", lambda: works({"price": "49000"}), "write Placed/1 Canceling", "Open Amending"),
    # What forbids it.
    Case("amendPolicy Never", lambda: works({**LOWER, "amendPolicy": "Never"}), "rest", "Open AmendNotAllowed"),
    Case(
        "amendPolicy InPlaceOnly where the venue cannot",
        lambda: works({**LOWER, "amendPolicy": "InPlaceOnly"}),
        "rest",
        "Open AmendNotAllowed",
    ),
    Case("a wish off the grid leaves the order alone", lambda: works({"price": "49000.001"}), "rest", "Open NotOnGrid"),
    Case("a wish below the minimum, too", lambda: works({"quantity": "0.00009"}), "rest", "Open BelowMinimum"),
    Case(
        "the rest that would be left must be large enough",
        lambda: works({"quantity": "0.20001"}, order(filled="0.2")),
        "rest",
        "PartiallyFilled BelowMinimum",
    ),
    Case("a suspended order is not changed", lambda: works({**LOWER, "suspend": True}), "rest", "Open Suspended"),
    Case(
        "nor on a halted account, where the halt lets it work",
        _off({**LOWER, "side": "Sell"}, trading_state=TradingState.HALTED),
        "rest",
        "Open Halted",
    ),
    # ReduceOnly: what lowers the exposure, and nothing else.
    Case(
        "a buy may be made smaller on an account that only reduces",
        lambda: works(LOWER, account=REDUCING),
        "write Placed/1 Canceling",
        "Open Amending",
    ),
    Case(
        "nor does it have to pay as much",
        lambda: works({**LOWER, "price": "49000"}, account=REDUCING),
        "write Placed/1 Canceling",
        "Open Amending",
    ),
    Case(
        "it may not be made larger",
        lambda: works({"quantity": "0.6"}, account=REDUCING),
        "rest",
        "Open ReduceOnlyAccount",
    ),
    Case(
        "nor be priced anew",
        lambda: works({"price": "49000"}, account=REDUCING),
        "rest",
        "Open ReduceOnlyAccount",
    ),
    Case(
        "nor pay more for less",
        lambda: works({**LOWER, "price": "51000"}, account=REDUCING),
        "rest",
        "Open ReduceOnlyAccount",
    ),
    Case(
        "what the venue shows counts, where it changes orders in place",
        lambda: works(LOWER, order(quantity=Decimal("0.3")), account=replace(REDUCING, rules=CHANGING)),
        "rest",
        "Open ReduceOnlyAccount",
    ),
    Case(
        "an exit has locked what it sells, and may be priced anew",
        lambda: works({"side": "Sell", "price": "51000"}, order(side="Sell"), account=REDUCING),
        "write Placed/1 Canceling",
        "Open Amending",
    ),
    Case(
        "it may sell more, as far as that is free",
        lambda: works({"side": "Sell", "quantity": "0.6"}, order(side="Sell"), account=REDUCING),
        "write Placed/1 Canceling",
        "Open Amending",
    ),
    Case(
        "and no more than that",
        lambda: works({"side": "Sell", "quantity": "0.7"}, order(side="Sell"), account=REDUCING),
        "rest",
        "Open ReduceOnlyAccount",
    ),
    Case(
        "cancel beats amend",
        lambda: works({**LOWER, "desiredState": "Canceled"}),
        "Cancel, FetchOrder",
        "Open Canceling",
    ),
    # In place.
    Case(
        "in place where the venue can",
        lambda: works(LOWER, account=in_place(*DOWN)),
        "AmendOrder, FetchOrder",
        "Open Amending",
    ),
    Case(
        "all or nothing: what the venue does not list is replaced",
        lambda: works({**LOWER, "price": "49000"}, account=in_place(*DOWN)),
        "write Placed/1 Canceling",
        "Open Amending",
    ),
    Case(
        "to less than was filled: the rest is canceled, in place or not",
        lambda: works({"quantity": "0.1"}, order(filled="0.2"), account=in_place(*DOWN)),
        "write Placed/1 Canceling",
        "PartiallyFilled Amending",
    ),
    Case(
        "values that were read back are recorded",
        lambda: works(LOWER, order(quantity=Decimal("0.4")), account=in_place(*DOWN)),
        "write Placed/1",
    ),
    Case(
        "a refusal is not repeated",
        lambda: works(LOWER, account=in_place(*DOWN), amended=tried(AmendRefused("-2038", "no"))),
        "rest",
        "Open AmendRefused",
    ),
    Case(
        "another wish is asked for after a refusal",
        lambda: works({"quantity": "0.3"}, account=in_place(*DOWN), amended=tried(AmendRefused("-2038", "no"))),
        "AmendOrder, FetchOrder",
        "Open Amending",
    ),
    Case(
        "an unknown outcome is waited out before anything else is sent",
        lambda: works({"quantity": "0.3"}, account=in_place(*DOWN), amended=tried(AmendUnknown(""), R + M - 0.1)),
        "rest",
        "Open Amending",
    ),
    Case(
        "behind that the change is sent again",
        lambda: works(LOWER, account=in_place(*DOWN), amended=tried(AmendUnknown(""), R + M)),
        "AmendOrder, FetchOrder",
        "Open Amending",
    ),
    # Canceled, to be replaced.
    Case(
        "the cancel is sent and read back",
        lambda: works(LOWER, amend=amending()),
        "Cancel, FetchOrder",
        "Open Amending",
    ),
    Case(
        "a halt keeps what works",
        lambda: works({**LOWER, "side": "Sell"}, amend=amending(), account=account(trading_state=TradingState.HALTED)),
        "write Placed/1",
    ),
    Case(
        "the end and the new placement are one write",
        lambda: works(LOWER, CANCELED, amend=amending()),
        "write Pending/1 of 1 Creating permit 0.4, beside LookUp",
    ),
    Case(
        "only the rest is placed",
        lambda: works(LOWER, PARTLY, amend=amending()),
        "write Pending/1 of 1 Creating permit 0.2, beside LookUp",
    ),
    Case(
        "by the newest wish",
        lambda: works({"quantity": "0.6"}, PARTLY, amend=amending()),
        "write Pending/1 of 1 Creating permit 0.4, beside LookUp",
    ),
    Case(
        "no rest is placed before the fills are known",
        lambda: works(LOWER, replace(PARTLY, trades=None), amend=amending()),
        "FetchTrades",
        "Pending Amending",
    ),
    Case(
        "nothing is left", lambda: works(LOWER, order(VenueStatus.CANCELED, "0.4"), amend=amending()), "write Placed/1"
    ),
    Case(
        "an order that was filled",
        lambda: works(LOWER, order(VenueStatus.FILLED, "0.5"), amend=amending()),
        "write Placed/1",
    ),
    Case("one that expired", lambda: works(LOWER, order(VenueStatus.EXPIRED), amend=amending()), "write Placed/1"),
    Case(
        "one that is not wanted any more",
        lambda: works({**LOWER, "desiredState": "Canceled"}, CANCELED, amend=amending()),
        "write Placed/1",
    ),
    Case(
        "no new order on a halted account",
        lambda: works(LOWER, CANCELED, amend=amending(), account=account(trading_state=TradingState.HALTED)),
        "write Placed/1",
    ),
    Case(
        "the rest of a smaller buy is placed on an account that only reduces",
        lambda: works(LOWER, PARTLY, amend=amending(), account=REDUCING),
        "write Pending/1 of 1 Creating permit 0.2, beside LookUp",
    ),
    Case(
        "the rest of a larger one is not",
        lambda: works({"quantity": "0.6"}, PARTLY, amend=amending(), account=REDUCING),
        "write Placed/1",
    ),
    Case(
        "a rest that is too small is an end in words",
        lambda: works({"quantity": "0.20001"}, PARTLY, amend=amending()),
        "write Placed/1",
    ),
    Case(
        "while suspended the rest waits",
        lambda: works({**LOWER, "suspend": True}, CANCELED, amend=amending()),
        "rest",
        "Pending Suspended",
    ),
    # The replacement.
    Case(
        "while it is Pending a second change waits",
        lambda: replaced(Outcome.PENDING, {"quantity": "0.3"}, observed=Absent(MONOTONIC, complete=False)),
        "LookUp",
        "Unknown OutcomeUnknown",
    ),
    Case(
        "an acknowledgement ends the amend",
        lambda: replaced(Outcome.PENDING, LOWER, outcome=Placed(second()), outcome_of=NEXT),
        "write Placed/1 of 1",
        "Open Working",
    ),
    Case(
        "the outcome of the former request says nothing",
        lambda: replaced(Outcome.PENDING, LOWER, outcome=NotPlaced("RateLimited", ""), outcome_of=ID),
        "LookUp",
        "Unknown OutcomeUnknown",
    ),
    Case(
        "provably not placed: the same revision again",
        lambda: replaced(Outcome.NOT_PLACED, LOWER, "0.1", observed=Absent(MONOTONIC, complete=False)),
        "write Pending/2 of 1 Creating permit 0.3, beside LookUp",
    ),
    Case(
        "canceled meanwhile: the end, with the fills",
        lambda: replaced(Outcome.NOT_PLACED, {**LOWER, "desiredState": "Canceled"}, "0.1"),
        "write NotPlaced/1 of 1 final Canceled",
    ),
    Case(
        "only reducing meanwhile: the smaller one is tried again",
        lambda: replaced(
            Outcome.NOT_PLACED, LOWER, "0.1", account=REDUCING, observed=Absent(MONOTONIC, complete=False)
        ),
        "write Pending/2 of 1 Creating permit 0.3, beside LookUp",
    ),
    Case(
        "only reducing meanwhile: the larger one is not",
        lambda: replaced(Outcome.NOT_PLACED, {"quantity": "0.6"}, account=REDUCING),
        "write NotPlaced/1 of 1 final Canceled",
    ),
    Case(
        "what is recorded goes on the wire: it is judged, whatever the spec asks for by now",
        lambda: holding(Decimal("0.6")),
        "write NotPlaced/1 of 1 Creating",
    ),
    Case(
        "halted meanwhile: the end",
        lambda: replaced(Outcome.NOT_PLACED, LOWER, account=account(trading_state=TradingState.HALTED)),
        "write NotPlaced/1 of 1 final Canceled",
    ),
    Case(
        "refused: canceled, and a human has to act",
        lambda: replaced(Outcome.REFUSED, LOWER, looked=Asked(MONOTONIC, 1)),
        "rest",
        "Canceled AmendFailed",
    ),
    Case(
        "wished back to what was filled",
        lambda: replaced(Outcome.NOT_PLACED, {"quantity": "0.1"}, "0.1", observed=Absent(MONOTONIC, complete=False)),
        "write NotPlaced/1 of 1 final Filled",
    ),
    # Late fills.
    Case(
        "M after the end the replaced order is read again",
        lambda: replace(
            replaced(Outcome.PLACED, LOWER, observed=Found(second()), observed_at=MONOTONIC),
            now=builders.Now(builders.WALL, MONOTONIC + M),
        ),
        "ReadFormer",
        "Open Working",
    ),
    Case("not before", lambda: replaced(Outcome.PLACED, LOWER, observed=Found(second())), "rest", "Open Working"),
    Case("what it shows is recorded", lambda: _settled(PLACED, PARTLY), "write Placed/1 of 1"),
    Case(
        "a late fill makes the rest smaller",
        lambda: replaced(Outcome.PLACED, {"quantity": "0.35"}, "0.1", observed=Found(second())),
        "write Placed/1 of 1 Canceling",
        "PartiallyFilled Amending",
    ),
    Case(
        "an adopted replacement without its record is not changed",
        lambda: works(LOWER, journal=held(PLACED.model_copy(update={"reason": receipts.LINEAGE_LOST}))),
        "rest",
        "Open AmendNotAllowed",
    ),
)
