"""The cross-field rules of an OrderGroup: one table for the API server (CEL) and for the models (Python).

Geometry is judged here as far as the manifest alone tells: a stop lies on the losing side of the target, and of the
entry's price. CEL has no decimals; the comparisons go through doubles, which is exact enough to refuse what is upside
down, and decides nothing else.
"""

from typing import TYPE_CHECKING

from exchange_kernel.api.base import Rule, TransitionRule
from exchange_kernel.api.enums import DesiredState, GroupState, GroupType, LegRole, OrderType, Side
from exchange_kernel.api.enums import TimeInForce as Tif
from exchange_kernel.api.order_rules import TERMS_RULES

if TYPE_CHECKING:
    from decimal import Decimal

    from exchange_kernel.api.order_group import GroupLeg, OrderGroup, OrderGroupSpec

_STOPS = (OrderType.STOP_MARKET, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP_MARKET)
_TARGETS = (OrderType.LIMIT, OrderType.TAKE_PROFIT_LIMIT, OrderType.TAKE_PROFIT_MARKET)
RESERVED_NAMES = ("close", "flatten")


def _is_exit(leg: "GroupLeg") -> bool:
    return leg.role in (LegRole.TAKE_PROFIT, LegRole.STOP_LOSS)


def _texts(values: tuple[OrderType, ...]) -> str:
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"


LEG_RULES: tuple[Rule["GroupLeg"], ...] = (
    *TERMS_RULES,
    Rule(
        cel="!(has(self.quantity) && has(self.quoteQuantity))",
        message="write either quantity or quoteQuantity, and not both",
        holds=lambda leg: leg.quantity is None or leg.quote_quantity is None,
    ),
    Rule(
        cel="(has(self.quantity) || has(self.quoteQuantity)) == (self.role == 'Entry')",
        message="the leg of role Entry needs quantity (or quoteQuantity), and no other leg takes one: they trade what "
        "the entry has brought in, or spec.quantity",
        holds=lambda leg: (leg.quantity is not None or leg.quote_quantity is not None) == (leg.role is LegRole.ENTRY),
    ),
    Rule(
        cel=f"self.role != 'StopLoss' || self.type in {_texts(_STOPS)}",
        message="a leg of role StopLoss is of type StopMarket, StopLimit or TrailingStopMarket: change type, or role",
        holds=lambda leg: leg.role is not LegRole.STOP_LOSS or leg.type in _STOPS,
    ),
    Rule(
        cel=f"self.role != 'TakeProfit' || self.type in {_texts(_TARGETS)}",
        message="a leg of role TakeProfit is of type Limit, TakeProfitLimit or TakeProfitMarket: change type, or role",
        holds=lambda leg: leg.role is not LegRole.TAKE_PROFIT or leg.type in _TARGETS,
    ),
    Rule(
        cel="!(self.role in ['TakeProfit', 'StopLoss']) || (self.timeInForce in ['GTC', 'GTD'] && !self.postOnly)",
        message="legs of role TakeProfit and StopLoss take timeInForce GTC or GTD and no postOnly: they may have to "
        "trade at once",
        holds=lambda leg: not _is_exit(leg) or (leg.time_in_force in (Tif.GTC, Tif.GTD) and not leg.post_only),
    ),
    Rule(
        cel="!(self.name in ['close', 'flatten']) && !self.name.matches('(^|-)[0-9]+$')",
        message="a leg's name is not close or flatten, and does not end in a dash and a number: the operator uses them",
        holds=lambda leg: leg.name not in RESERVED_NAMES and not leg.name.rpartition("-")[2].isdecimal(),
    ),
)


def _count(spec: "OrderGroupSpec", role: LegRole) -> int:
    return sum(leg.role is role for leg in spec.legs)


def _only(spec: "OrderGroupSpec", role: LegRole) -> "GroupLeg | None":
    return next((leg for leg in spec.legs if leg.role is role), None)


def _pairs_only(spec: "OrderGroupSpec") -> bool:
    exits = _count(spec, LegRole.STOP_LOSS), _count(spec, LegRole.TAKE_PROFIT)
    return (
        spec.type.has_entry or _count(spec, LegRole.LEG) == len(spec.legs) or (exits == (1, 1) and len(spec.legs) == 2)
    )


def _exits_oppose(spec: "OrderGroupSpec") -> bool:
    exits = [leg.side for leg in spec.legs if _is_exit(leg)]
    entries = [leg.side for leg in spec.legs if leg.role is LegRole.ENTRY]
    return len(set(exits)) < 2 and not set(exits) & set(entries)


def target_price(leg: "GroupLeg") -> "Decimal | None":
    """The price at which a take-profit acts: its trigger where it has one, else its limit; quote per base."""
    return leg.trigger_price or leg.price


def _stop_below_target(spec: "OrderGroupSpec") -> bool:
    stop, target = _only(spec, LegRole.STOP_LOSS), _only(spec, LegRole.TAKE_PROFIT)
    if stop is None or target is None or stop.trigger_price is None:
        return True
    return _is_below(stop.side, stop.trigger_price, target_price(target))


def _is_below(exit_side: Side, stop: "Decimal | None", target: "Decimal | None") -> bool:
    """In the sense of the position: below for one that is sold at the end, above for one that is bought back."""
    if stop is None or target is None:
        return True
    return stop < target if exit_side is Side.SELL else stop > target


def _entry_between(spec: "OrderGroupSpec") -> bool:
    entry, stop, target = (_only(spec, role) for role in (LegRole.ENTRY, LegRole.STOP_LOSS, LegRole.TAKE_PROFIT))
    if entry is None:
        return True
    price = entry.price or entry.trigger_price
    above_stop = stop is None or _is_below(stop.side, stop.trigger_price, price)
    below_target = target is None or _is_below(target.side, price, target_price(target))
    return above_stop and below_target


_ONE_ENTRY = "self.legs.filter(l, l.role == 'Entry').size() == (self.type in ['OTO', 'Bracket'] ? 1 : 0)"
_BRACKET = (
    "self.type != 'Bracket' || (self.legs.size() == 3 && self.legs.exists_one(l, l.role == 'StopLoss') && "
    "self.legs.exists_one(l, l.role == 'TakeProfit'))"
)
_PAIR = (
    "self.type in ['OTO', 'Bracket'] || self.legs.all(l, l.role == 'Leg') || (self.legs.size() == 2 && "
    "self.legs.exists_one(l, l.role == 'StopLoss') && self.legs.exists_one(l, l.role == 'TakeProfit'))"
)
_OPPOSE = (
    "self.legs.all(l, !(l.role in ['TakeProfit', 'StopLoss']) || self.legs.all(m, (m.role == 'Entry' ? m.side != l.side"
    " : (m.role == 'Leg' || m.side == l.side))))"
)
_STOP_BELOW = (
    "self.legs.all(s, s.role != 'StopLoss' || !has(s.triggerPrice) || self.legs.all(t, t.role != 'TakeProfit' || "
    "(s.side == 'Sell' ? double(s.triggerPrice) < double(has(t.triggerPrice) ? t.triggerPrice : t.price) : "
    "double(s.triggerPrice) > double(has(t.triggerPrice) ? t.triggerPrice : t.price))))"
)
_ENTRY_BETWEEN = (
    "self.legs.all(e, e.role != 'Entry' || (!has(e.price) && !has(e.triggerPrice)) || self.legs.all(x, "
    "(x.role != 'StopLoss' || !has(x.triggerPrice) || (x.side == 'Sell' ? "
    "double(x.triggerPrice) < double(has(e.price) ? e.price : e.triggerPrice) : "
    "double(x.triggerPrice) > double(has(e.price) ? e.price : e.triggerPrice))) && "
    "(x.role != 'TakeProfit' || (x.side == 'Sell' ? "
    "double(has(e.price) ? e.price : e.triggerPrice) < double(has(x.triggerPrice) ? x.triggerPrice : x.price) : "
    "double(has(e.price) ? e.price : e.triggerPrice) > double(has(x.triggerPrice) ? x.triggerPrice : x.price)))))"
)

GROUP_RULES: tuple[Rule["OrderGroupSpec"], ...] = (
    Rule(
        cel="has(self.quantity) == (self.type in ['OCO', 'OUO'])",
        message="types OCO and OUO need spec.quantity, and OTO and Bracket take that of the leg of role Entry",
        holds=lambda s: (s.quantity is not None) != s.type.has_entry,
    ),
    Rule(
        cel=_ONE_ENTRY,
        message="types OTO and Bracket need exactly one leg of role Entry, types OCO and OUO none",
        holds=lambda s: _count(s, LegRole.ENTRY) == (1 if s.type.has_entry else 0),
    ),
    Rule(
        cel="self.type != 'OTO' || self.legs.size() == 2",
        message="type OTO needs exactly two legs: the one of role Entry, and the one that follows it",
        holds=lambda s: s.type is not GroupType.OTO or len(s.legs) == 2,
    ),
    Rule(
        cel=_BRACKET,
        message="type Bracket needs exactly three legs: one of role Entry, one StopLoss, one TakeProfit",
        holds=lambda s: (
            s.type is not GroupType.BRACKET
            or (_count(s, LegRole.STOP_LOSS), _count(s, LegRole.TAKE_PROFIT), len(s.legs)) == (1, 1, 3)
        ),
    ),
    Rule(
        cel=_PAIR,
        message="types OCO and OUO have either one StopLoss and one TakeProfit, or only legs of role Leg",
        holds=_pairs_only,
    ),
    Rule(
        cel=_OPPOSE,
        message="StopLoss and TakeProfit have the same side, and the other one than the Entry: they end what it began",
        holds=_exits_oppose,
    ),
    Rule(
        cel=_STOP_BELOW,
        message="the StopLoss must lie below the TakeProfit when they sell, and above it when they buy back: "
        "correct triggerPrice or price",
        holds=_stop_below_target,
    ),
    Rule(
        cel=_ENTRY_BETWEEN,
        message="the Entry's price must lie between the StopLoss and the TakeProfit: correct price or triggerPrice",
        holds=_entry_between,
    ),
    Rule(
        cel="!self.partialTrigger || self.type == 'OTO'",
        message="partialTrigger is for type OTO: remove it (a Bracket always protects each part)",
        holds=lambda s: not s.partial_trigger or s.type is GroupType.OTO,
    ),
)

GROUP_TRANSITIONS: tuple[TransitionRule["OrderGroupSpec"], ...] = (
    TransitionRule(
        cel="oldSelf.desiredState != 'Canceled' || self.desiredState == 'Canceled'",
        message="desiredState is immutable once it is Canceled: create a new OrderGroup with a new name instead",
        holds=lambda old, new: (
            old.desired_state is not DesiredState.CANCELED or new.desired_state is DesiredState.CANCELED
        ),
    ),
    TransitionRule(
        cel="self.legs.size() == oldSelf.legs.size() && self.legs.all(l, oldSelf.legs.exists(o, o.name == l.name))",
        message="the set of legs is immutable: create a new OrderGroup with a new name instead",
        holds=lambda old, new: {leg.name for leg in old.legs} == {leg.name for leg in new.legs},
    ),
)

_FINAL = ", ".join(f"'{state}'" for state in GroupState if state.is_final)

# The only rule at the root, as for OrderIntents: it cannot be broken by standing still.
GROUP_FREEZE: tuple[TransitionRule["OrderGroup"], ...] = (
    TransitionRule(
        cel=f"!has(oldSelf.status) || !has(oldSelf.status.state) || !(oldSelf.status.state in [{_FINAL}]) || "
        "(self.spec.legs == oldSelf.spec.legs && has(self.spec.quantity) == has(oldSelf.spec.quantity) && "
        "(!has(self.spec.quantity) || self.spec.quantity == oldSelf.spec.quantity))",
        message="the group is final, so spec.quantity and spec.legs are frozen (each is immutable now): "
        "create a new OrderGroup with a new name instead",
        holds=lambda old, new: (
            old.status.state is None
            or not old.status.state.is_final
            or (old.spec.legs, old.spec.quantity) == (new.spec.legs, new.spec.quantity)
        ),
    ),
)
