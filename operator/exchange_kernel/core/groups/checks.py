"""What must hold before the first order of a group exists. All legs are judged, so that no entry stands without exits.

The rules are those of single orders, asked about the OrderIntents that the group would create: the same words come out,
with the leg's name before them.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Context, Decimal

from exchange_kernel.api.enums import Execution, LegRole, OrderType, Side
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.group_rules import target_price
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.gates import OF_THE_MARKET, first_of, trading, wish
from exchange_kernel.core.gates import account as of_account
from exchange_kernel.core.gates.stop import Rule, Stop, deny, wait
from exchange_kernel.core.groups import native
from exchange_kernel.core.groups.amounts import WORST_FEE
from exchange_kernel.core.groups.facts import Facts, GroupView
from exchange_kernel.core.groups.leg import Leg, child_name
from exchange_kernel.core.groups.manifest import Form, begins, manifest
from exchange_kernel.core.groups.places import exits_need
from exchange_kernel.core.identity import identity_of
from exchange_kernel.core.market_rules import shown, to_step
from exchange_kernel.core.places import Places
from exchange_kernel.core.timing import PRICE_TO_RECORD
from exchange_kernel.core.view import NoReceipt, View

_EXACT = Context(prec=80)
_RETRY_SECONDS = 5.0

# Asked of the first order, as for any order.
_OF_ACCOUNT: tuple[Rule, ...] = (
    wish.not_wanted,
    wish.submit_deadline,
    of_account.exists,
    of_account.terminating,
    of_account.namespace_allowed,
    of_account.markets_known,
)
_BEFORE_SENDING: tuple[Rule, ...] = (
    wish.not_suspended,
    wish.not_paused,
    of_account.unchanged,
    trading.state,
    of_account.journal,
)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a group does not begin now, and whether the market's price has to be read to say more."""

    stop: Stop
    read_price: bool = False


def objection(facts: Facts) -> Objection | None:
    """The first thing that keeps a group from beginning; None when it may."""
    view = facts.view
    stop = _too_late(view) or _long_name(facts) or _taken(view)
    if stop is not None:
        return Objection(stop)
    first = facts.entry or facts.exits[0]
    stop = first_of(_OF_ACCOUNT, _as_order(facts, first, Form.WRITTEN))
    if stop is None:
        stop = (
            _native(facts)
            or _legs(facts)
            or _places(facts)
            or first_of(_BEFORE_SENDING, _as_order(facts, first, Form.WRITTEN))
        )
    if stop is not None:
        return Objection(stop)
    return _geometry(facts)


def _as_order(facts: Facts, leg: Leg, form: Form) -> View:
    """A leg as the order that it would be."""
    group = facts.view.group
    intent = manifest(group, leg, 1, expected_quantity(facts, leg), form)
    paused = {key: value for key, value in group.metadata.annotations.items() if key.endswith("/paused")}
    meta = intent.metadata.model_copy(
        update={"annotations": paused, "creation_timestamp": group.metadata.creation_timestamp}
    )
    intent = OrderIntent(metadata=meta, spec=intent.spec)
    exits = facts.entry is not None and leg.spec.role is not LegRole.ENTRY
    account = replace(facts.view.account, places=Places(is_exit=True)) if exits else facts.view.account
    return View(intent, identity_of(intent), NoReceipt(), account, facts.view.now, holder="")


def expected_quantity(facts: Facts, leg: Leg) -> Decimal | None:
    """What a leg will trade if everything goes as written; None where only the fills will tell."""
    if leg.spec.role is LegRole.ENTRY:
        return leg.spec.quantity
    if facts.entry is None:
        return facts.view.group.spec.quantity
    bought, rules = facts.entry.spec.quantity, facts.view.market
    if rules is None:
        return bought or Decimal(1)  # nothing is judged by it before the markets are known
    if bought is None:
        bought = _bought_by_quote(facts, facts.entry)
    fee = rules.taker_fee if rules.taker_fee is not None else WORST_FEE
    if facts.entry.spec.side is not Side.BUY or leg.spec.side is not Side.SELL:
        fee = Decimal(0)
    return to_step(_EXACT.multiply(bought, 1 - fee), rules.quantity_step, ROUND_FLOOR) or rules.quantity_step


def _bought_by_quote(facts: Facts, entry: Leg) -> Decimal:
    """What an amount of quote buys at least: at the dearest price that the exits are written for."""
    prices = [leg.spec.price or leg.spec.trigger_price for leg in facts.exits]
    last = facts.view.price.value if facts.view.price is not None else None
    dearest = max((price for price in (*prices, last) if price is not None), default=None)
    spent = entry.spec.quote_quantity or Decimal(0)
    return _EXACT.divide(spent, dearest) if dearest is not None else Decimal(1)


def _too_late(view: GroupView) -> Stop | None:
    """A backlog is not traded at yesterday's prices. Exits of what is held already have no such deadline."""
    group, created = view.group, view.group.metadata.creation_timestamp
    if created is None or not any(begins(group, Leg(leg)) for leg in group.spec.legs):
        return None
    end = _starting_deadline(view, created)
    if view.now.wall < end:
        return None
    return Stop(
        State.EXPIRED,
        Reason.DEADLINE_PASSED,
        f"the group could not begin before {end.isoformat()} (placement.startingDeadlineSeconds); nothing was sent; "
        "for another one use a new name",
    )


def _starting_deadline(view: GroupView, created: datetime) -> datetime:
    seconds = view.group.spec.placement.starting_deadline_seconds or view.account.defaults.starting_deadline_seconds
    return created + timedelta(seconds=seconds)


def seconds_to_deadline(view: GroupView) -> float | None:
    """Until a group that waits is too old to begin."""
    created = view.group.metadata.creation_timestamp
    if created is None:
        return None
    ends = [_starting_deadline(view, created), view.group.spec.placement.submit_before]
    left = [(end - view.now.wall).total_seconds() for end in ends if end is not None]
    return max(0.05, min(left)) if min(left) > 0 else None


_LONGEST_NAME = 253


def _long_name(facts: Facts) -> Stop | None:
    for leg in facts.legs:
        if len(child_name(facts.view.name, leg.name, 999)) > _LONGEST_NAME:
            return deny(Reason.INVALID_SPEC, f"the names of the group and of leg {leg.name} are too long together")
    problems = facts.view.group.spec.problems() + tuple(each for leg in facts.legs for each in leg.spec.problems())
    return deny(Reason.INVALID_SPEC, "; ".join(problems)) if problems else None


def _taken(view: GroupView) -> Stop | None:
    if not view.taken:
        return None
    names = ", ".join(sorted(view.taken))
    return deny(
        NAME_CONFLICT,
        f"OrderIntent {names} exists and does not belong to this group; delete it, or use another name for the group",
    )


NAME_CONFLICT = "NameConflict"


def _native(facts: Facts) -> Stop | None:
    if facts.view.group.spec.execution is not Execution.NATIVE:
        return None
    why = native.objection(facts)
    if not why:
        return None
    text = f"{why}; or write execution Auto or Emulated (the operator has to run for it; the stop rests at the venue)"
    return deny(Reason.NOT_SUPPORTED, text)


def _places(facts: Facts) -> Stop | None:
    """An entry whose exits can never have their places next to it would be held up until its deadline."""
    most = facts.view.account.limits.max_open_orders
    exits = exits_need(facts).orders
    if facts.entry is None or most is None or exits < most:
        return None
    text = f"the group needs {exits + 1} places for open orders at once, and the account's limit is {most}"
    return deny(Reason.LIMIT_EXCEEDED, f"{text}; its owner can raise spec.limits.maxOpenOrders")


def _legs(facts: Facts) -> Stop | None:
    for leg in facts.legs:
        forms = (Form.WRITTEN, Form.TOUCHED) if _is_watched(facts, leg) else (Form.WRITTEN,)
        for form in forms:
            stop = first_of(OF_THE_MARKET, _as_order(facts, leg, form))
            if stop is not None:
                return replace(stop, message=f"leg {leg.name}: {stop.message}")
    return None


def _is_watched(facts: Facts, leg: Leg) -> bool:
    return facts.watches_target and leg.spec.role is LegRole.TAKE_PROFIT


def _geometry(facts: Facts) -> Objection | None:
    """Stop, market and target in this order, where the exits could act at once."""
    entry, stop, target = facts.entry, facts.stop, facts.target
    if (stop is None and target is None) or (entry is not None and entry.spec.type is not OrderType.MARKET):
        return None
    known, symbol = facts.view.price, facts.view.group.spec.symbol
    if known is None or facts.view.now.monotonic - known.at >= PRICE_TO_RECORD:
        return Objection(wait(Reason.NO_REFERENCE_PRICE, f"the price of {symbol} is being read", 0.5), read_price=True)
    if known.value is None:
        message = f"the price of {symbol} could not be read ({known.problem}); nothing is sent without it"
        return Objection(wait(Reason.NO_REFERENCE_PRICE, message, _RETRY_SECONDS))
    for leg, price, loses in (
        (stop, stop.spec.trigger_price if stop is not None else None, True),
        (target, target_price(target.spec) if target is not None else None, False),
    ):
        if leg is not None and price is not None and _is_behind(leg.spec.side, price, known.value, loses=loses):
            return Objection(_crossed(leg, price, known.value, symbol))
    return None


def _is_behind(side: Side, price: Decimal, last: Decimal, *, loses: bool) -> bool:
    """Whether the market has passed an exit's price already."""
    falls = (side is Side.SELL) == loses
    return last <= price if falls else last >= price


def _crossed(leg: Leg, price: Decimal, last: Decimal, symbol: str) -> Stop:
    return deny(
        Reason.TRIGGER_ALREADY_CROSSED,
        f"leg {leg.name}: the last trade of {symbol} was at {shown(last)}, beyond {shown(price)} already: it would act "
        "at once. Write a price on the other side of the market",
    )
