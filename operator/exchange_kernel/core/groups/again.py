"""Whether a leg whose order has ended is given another one.

What somebody has canceled by hand at the venue, and what has expired, is reported and not placed again: that is a
human's or the manifest's own decision. What the operator has canceled, what the venue refused, and what was cut short
is placed again for what is left, at growing intervals where it failed.
"""

from dataclasses import dataclass
from enum import Enum, auto

from exchange_kernel.api.enums import LegRole, OrderType, TimeInForce, TradingState
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.groups.facts import GroupView
from exchange_kernel.core.groups.leg import Leg, fires_late, reason_of
from exchange_kernel.core.groups.manifest import Form
from exchange_kernel.core.view import Backoff

RETRIES = Backoff(first=1.0, ceiling=30.0)


class Verdict(Enum):
    """What becomes of the leg."""

    NOW = auto()
    LATER = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True)
class Again:
    """The verdict, and with it how the order goes out, how long to wait, or why never."""

    verdict: Verdict
    form: Form = Form.WRITTEN
    wait: float = 0.0
    why: str = ""


def again(view: GroupView, leg: Leg) -> Again:
    """Whether a leg that has no open order gets one now."""
    child = leg.child
    if child is None:
        # Never begun; or its object is gone, and the record says how it ended.
        return Again(Verdict.NEVER, why="its OrderIntent is gone") if leg.begun else Again(Verdict.NOW)
    if fires_late(child) or _took_a_part(leg, child):
        return Again(Verdict.NOW, Form.AT_ONCE)
    if _goes_on_at_once(leg, child):
        return _after_failure(view, leg, child, Form.AT_ONCE)
    return _after(view, leg, child)


def form_after(leg: Leg) -> Form:
    """How the order of a recorded round goes out: as the one before made necessary."""
    before = leg.earlier[-1] if leg.earlier else None
    if before is not None and _took_a_part(leg, before):
        return Form.AT_ONCE
    late = before is not None and (fires_late(before) or _goes_on_at_once(leg, before))
    return Form.AT_ONCE if late else Form.WRITTEN


def _took_a_part(leg: Leg, child: OrderIntent) -> bool:
    """Whether a target took what was to be had at its price: what is left rests there, where nothing else can."""
    taken = child.spec.time_in_force is TimeInForce.IOC or child.spec.type is OrderType.MARKET
    return leg.spec.role is LegRole.TAKE_PROFIT and taken and child.status.state is State.EXPIRED


def _goes_on_at_once(leg: Leg, child: OrderIntent) -> bool:
    """Whether what is left trades at once: the order had traded at once before, or had fired and was cut short."""
    if leg.spec.role is LegRole.TAKE_PROFIT:
        return False
    if child.spec.type is OrderType.MARKET or child.spec.type is not leg.spec.type:
        return True
    cut_short = child.status.state is State.EXPIRED and child.status.exchange_order_id is not None
    return cut_short and child.spec.expire_at is None


def _after(view: GroupView, leg: Leg, child: OrderIntent) -> Again:
    reason, state = reason_of(child), child.status.state
    if reason == Reason.HALTED.value:
        if view.account.trading_state is TradingState.HALTED:
            return Again(Verdict.LATER, wait=5.0, why="the account is halted")
        return Again(Verdict.NOW)
    if state is State.FILLED:
        return Again(Verdict.NOW)
    if leg.asked_to_end:
        never_placed = child.status.exchange_order_id is None
        return _after_failure(view, leg, child, Form.WRITTEN) if never_placed else Again(Verdict.NOW)
    if state is State.REJECTED or reason in _PLACED_AGAIN:
        return _after_failure(view, leg, child, Form.WRITTEN)
    return Again(Verdict.NEVER, why=child.status.message or f"its order is {state}")


# Nothing of it is at the venue any more, and neither a human nor the manifest wanted it so.
_PLACED_AGAIN = frozenset({Reason.AMEND_FAILED.value, Reason.DEADLINE_PASSED.value})


def _after_failure(view: GroupView, leg: Leg, child: OrderIntent, form: Form) -> Again:
    ended = child.status.finished_at
    if ended is None:
        return Again(Verdict.NOW, form)
    left = RETRIES.after(leg.round) - (view.now.wall - ended).total_seconds()
    return Again(Verdict.LATER, form, left, "it is tried again") if left > 0 else Again(Verdict.NOW, form)
