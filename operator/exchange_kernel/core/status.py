"""From facts to `.status`: one function builds it, always whole, so that writing it is a comparison.

What was said once about money is never taken back: filled quantity, cost and fees only grow, and a state is kept when
the table in `states` knows no way from it to what a stale answer suggests.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from exchange_kernel.api import order_status as api
from exchange_kernel.api.conditions import ConditionStatus, find_condition
from exchange_kernel.api.conditions import ConditionType as Type
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PendingCommand, PlacementOutcome
from exchange_kernel.api.order_receipt import ReceiptPlacement
from exchange_kernel.api.order_status import MAX_PREVIOUS_IDS, MAX_RECENT_TRADES, OrderIntentStatus
from exchange_kernel.api.reasons import Reason
from exchange_kernel.api.scalars import bounded
from exchange_kernel.core import conditions, lineage
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.conditions import FALSE, TRUE, UNKNOWN, Aspect
from exchange_kernel.core.fills import Totals
from exchange_kernel.core.market_rules import shown
from exchange_kernel.core.states import may_follow
from exchange_kernel.core.venue import Trade, VenueOrder, VenueStatus
from exchange_kernel.core.view import View

ZERO = Decimal(0)
_EVER = datetime.min.replace(tzinfo=UTC)

_STATE_OF: dict[VenueStatus, State] = {
    VenueStatus.UNTRIGGERED: State.UNTRIGGERED,
    VenueStatus.OPEN: State.OPEN,
    VenueStatus.FILLED: State.FILLED,
    VenueStatus.CANCELED: State.CANCELED,
    VenueStatus.EXPIRED: State.EXPIRED,
    VenueStatus.REJECTED: State.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Situation:
    """What is to be said about an intent.

    Attributes:
        state: The state that the facts suggest.
        reason: Why, for Ready, Reconciling and Stalled.
        message: For the user.
        accepted: Whether the spec passed all rules; None to leave that condition as it was.
        placed: Whether the venue has the order.
        out_of_sync: Why the status or the venue's order is not what it should be; None when they agree.
        command: What has been asked of the venue and is not confirmed.
        settled: Whether the order is final and all its fills are accounted for.
        stalled: Nothing goes on before a human acts, whatever the table of states says.
        replacing: The former order has ended and its replacement is not acknowledged: only then can an order that
            worked become Pending or Unknown.
    """

    state: State
    reason: str
    message: str = ""
    accepted: ConditionStatus | None = TRUE
    placed: ConditionStatus = FALSE
    out_of_sync: Problem | None = None
    command: PendingCommand = PendingCommand.NONE
    settled: bool = False
    stalled: bool = False
    replacing: bool = False


def command_for(placement: ReceiptPlacement) -> PendingCommand:
    """What a request under way is: the first order, or one that replaces another."""
    return PendingCommand.SUBMIT if placement.revision == 0 else PendingCommand.AMEND


def is_replacing(view: View, placement: ReceiptPlacement) -> bool:
    """Whether a placement replaces an order that has ended, as far as the status has not said more of it."""
    before = view.intent.status
    acknowledged = before.client_order_id == placement.client_order_id and before.exchange_order_id is not None
    return placement.revision > 0 and not acknowledged


def tidy(value: Decimal) -> Decimal:
    """A venue's number as people read it: at most 18 decimals, no trailing zeros, no exponent."""
    return Decimal(shown(bounded(value)))


def state_of(order: VenueOrder) -> State:
    """The state that a venue's order stands for."""
    if order.status is VenueStatus.OPEN and order.filled > ZERO:
        return State.PARTIALLY_FILLED
    return _STATE_OF[order.status]


def build(
    view: View,
    situation: Situation,
    placement: ReceiptPlacement | None = None,
    order: VenueOrder | None = None,
) -> OrderIntentStatus:
    """The whole status. Facts that are not known now keep their last value."""
    before = view.intent.status
    state = situation.state if _may_say(before, situation) else before.state or situation.state
    sums = _sums(before, lineage.totals(view, placement, order))
    settled = situation.settled or (before.settled and state is before.state and sums.filled == before.filled_quantity)
    changes = {
        "observed_generation": view.intent.metadata.generation,
        "state": state,
        "pending_command": situation.command,
        "settled": settled,
        "message": situation.message[:1024] or None,
        "finished_at": _finished_at(view, before, state, order),
        **_ids(view, before, placement, order),
        **_money(before, state, placement, _left(view, placement, order, sums), sums),
        **_trades(before, sums),
    }
    changes["conditions"] = conditions.render(
        _aspects(view, situation, state, settled=settled),
        before.conditions,
        view.intent.metadata.generation,
        view.now.wall,
    )
    return before.model_copy(update=changes)


def _may_say(before: OrderIntentStatus, situation: Situation) -> bool:
    if before.state is not None and before.state.is_live and situation.state in {State.PENDING, State.UNKNOWN}:
        return situation.replacing
    return may_follow(before.state, situation.state)


def _left(view: View, placement: ReceiptPlacement | None, order: VenueOrder | None, sums: Totals) -> Decimal | None:
    """What may still fill, of a placement that has not ended."""
    if placement is None or placement.quantity is None:
        return None
    if order is not None:
        return placement.quantity - order.filled
    return placement.quantity + lineage.done(view, placement) - sums.filled


def _sums(before: OrderIntentStatus, now: Totals | None) -> Totals:
    said = before.filled_quantity or ZERO
    if now is None or now.filled < said:
        return Totals(said, before.cost, None)
    return now


def _finished_at(view: View, before: OrderIntentStatus, state: State, order: VenueOrder | None) -> datetime | None:
    if not state.is_final:
        return None
    return before.finished_at or (order.updated_at if order is not None else None) or view.now.wall


def _ids(
    view: View, before: OrderIntentStatus, placement: ReceiptPlacement | None, order: VenueOrder | None
) -> dict[str, object]:
    if placement is None:
        return {}
    quantity = placement.quantity
    changes: dict[str, object] = {
        "client_order_id": placement.client_order_id,
        "submitted_at": placement.recorded_at,
        "normalized": api.Normalized(
            quantity=_tidy(None if quantity is None else lineage.done(view, placement) + quantity),
            quote_quantity=_tidy(placement.quote_quantity),
            price=_tidy(placement.price),
            trigger_price=_tidy(placement.trigger_price),
            trailing_offset=_tidy(placement.trailing_offset),
            activation_price=_tidy(placement.activation_price),
        ),
        "previous_order_ids": lineage.previous_ids(view, placement, before.previous_order_ids)[-MAX_PREVIOUS_IDS:],
        "exchange_order_id": placement.exchange_order_id,
        "acknowledged_at": None,
    }
    if before.client_order_id == placement.client_order_id:
        # Another process may know more than the receipt as it was last read here: what was said is not taken back.
        changes["exchange_order_id"] = placement.exchange_order_id or before.exchange_order_id
        changes["acknowledged_at"] = before.acknowledged_at
    known = placement.exchange_order_id if order is None else order.exchange_order_id
    if known is not None and known == before.exchange_order_id and before.submitted_at is not None:
        # The same order as before: a record that was lost and made again was not another submission.
        changes["submitted_at"] = before.submitted_at
    if placement.outcome is PlacementOutcome.PLACED:
        changes["acknowledged_at"] = before.acknowledged_at or placement.resolved_at
    if order is not None:
        changes["exchange_order_id"] = order.exchange_order_id
        changes["venue_status"] = order.raw_status
    return changes


def _tidy(value: Decimal | None) -> Decimal | None:
    return None if value is None else tidy(value)


def _money(
    before: OrderIntentStatus, state: State, placement: ReceiptPlacement | None, left: Decimal | None, sums: Totals
) -> dict[str, object]:
    if placement is None and before.filled_quantity is None and not state.is_final:
        return {}
    fees = before.fees
    if sums.fees is not None:
        fees = tuple(api.Fee(currency=currency, amount=tidy(sums.fees[currency])) for currency in sorted(sums.fees))
    average = sums.average_price
    return {
        "filled_quantity": tidy(sums.filled),
        "remaining_quantity": ZERO if state.is_final else None if left is None else tidy(max(ZERO, left)),
        "cost": before.cost if sums.cost is None else tidy(sums.cost),
        "average_price": before.average_price if average is None else tidy(average),
        "fees": fees,
    }


def _trades(before: OrderIntentStatus, sums: Totals) -> dict[str, object]:
    if not sums.count or sums.count < (before.trade_count or 0):
        return {}
    listed = {trade.trade_id for trade in sums.trades}
    known = [_trade(trade) for trade in sums.trades]
    if before.previous_order_ids or sums.unlisted:
        # Fills of several orders: in one order for all processes, whatever each of them has read.
        known += [trade for trade in before.recent_trades if trade.id not in listed]
        known.sort(key=lambda trade: (trade.time or _EVER, trade.id))
    if not known:
        return {"trade_count": sums.count}
    return {
        "trade_count": sums.count,
        "recent_trades": tuple(known[-MAX_RECENT_TRADES:]),
        "last_trade_id": known[-1].id,
        "last_trade_at": known[-1].time,
    }


def _trade(trade: Trade) -> api.Trade:
    return api.Trade(
        id=trade.trade_id,
        price=tidy(trade.price),
        quantity=tidy(trade.quantity),
        fee_currency=trade.fee_currency or None,
        fee_amount=tidy(trade.fee) if trade.fee_currency else None,
        time=trade.time,
    )


def _aspects(view: View, situation: Situation, state: State, *, settled: bool) -> Iterator[Aspect]:
    reason, message = situation.reason, situation.message
    shown = conditions.FAILED if situation.stalled else conditions.kstatus(state, reason)
    yield Aspect(Type.READY, shown.ready, reason, message)
    if shown.reconciling:
        yield Aspect(Type.RECONCILING, TRUE, reason, message)
    if shown.stalled:
        yield Aspect(Type.STALLED, TRUE, reason, message)
    yield from _accepted(view, situation)
    yield Aspect(Type.PLACED, situation.placed, _placed_reason(situation))
    problem = situation.out_of_sync
    if problem is None:
        yield Aspect(Type.SYNCED, TRUE, Reason.IN_SYNC)
    else:
        unknown = problem.reason in {Reason.VENUE_UNREACHABLE, Reason.OUTCOME_UNKNOWN}
        yield Aspect(Type.SYNCED, UNKNOWN if unknown else FALSE, problem.reason, problem.message)
    completed = state.is_final and settled
    ended = Reason.SETTLED if completed else Reason.SETTLING if state.is_final else Reason.NOT_ENDED
    yield Aspect(Type.COMPLETED, TRUE if completed else FALSE, ended)


def _accepted(view: View, situation: Situation) -> Iterator[Aspect]:
    if situation.accepted is None:
        before = find_condition(view.intent.status.conditions, Type.ACCEPTED)
        if before is not None:
            yield Aspect(Type.ACCEPTED, before.status, before.reason, before.message)
        return
    if situation.accepted is TRUE:
        yield Aspect(Type.ACCEPTED, TRUE, Reason.ACCEPTED)
    else:
        yield Aspect(Type.ACCEPTED, situation.accepted, situation.reason, situation.message)


def _placed_reason(situation: Situation) -> str:
    if situation.placed is UNKNOWN:
        return Reason.OUTCOME_UNKNOWN if situation.state is State.UNKNOWN else Reason.SUBMITTING
    return Reason.PLACED if situation.placed is TRUE else Reason.NOT_PLACED
