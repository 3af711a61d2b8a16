"""The cross-field rules of an OrderIntent's spec: one table for both judges.

Each row is checked by the API server (CEL, when the manifest is applied) and by the models (Python, in clients and
tests), with the same message. Messages say what to write. What only a market or an account can know (steps, minima,
limits) is not here: the operator denies that.
"""

from typing import TYPE_CHECKING, Any

from exchange_kernel.api.base import Rule, TransitionRule
from exchange_kernel.api.enums import DesiredState, OffsetType, OrderStateName, OrderType, PlacementPolicy, Side
from exchange_kernel.api.enums import TimeInForce as Tif
from exchange_kernel.api.scalars import plain

if TYPE_CHECKING:
    from exchange_kernel.api.order_intent import OrderIntent, OrderIntentSpec, Trailing

_PRICED = "['Limit', 'StopLimit', 'TakeProfitLimit']"
_TRIGGERED = "['StopMarket', 'StopLimit', 'TakeProfitMarket', 'TakeProfitLimit']"

# What holds of an order's fields wherever they are written: in an OrderIntent's spec, and in a leg of an OrderGroup.
TERMS_RULES: tuple[Rule[Any], ...] = (
    Rule(
        cel="!has(self.quoteQuantity) || (self.type == 'Market' && self.side == 'Buy')",
        message="quoteQuantity is for a Market Buy only: write quantity instead",
        holds=lambda s: s.quote_quantity is None or (s.type is OrderType.MARKET and s.side is Side.BUY),
    ),
    Rule(
        cel=f"has(self.price) || !(self.type in {_PRICED})",
        message="types Limit, StopLimit and TakeProfitLimit need a price: add price",
        holds=lambda s: s.price is not None or not s.type.has_price,
    ),
    Rule(
        cel=f"!has(self.price) || self.type in {_PRICED}",
        message="price is for types Limit, StopLimit and TakeProfitLimit: remove price, or choose one of these types",
        holds=lambda s: s.price is None or s.type.has_price,
    ),
    Rule(
        cel=f"has(self.triggerPrice) || !(self.type in {_TRIGGERED})",
        message="types StopMarket, StopLimit, TakeProfitMarket and TakeProfitLimit need a triggerPrice: "
        "add triggerPrice",
        holds=lambda s: s.trigger_price is not None or not s.type.has_trigger_price,
    ),
    Rule(
        cel=f"!has(self.triggerPrice) || self.type in {_TRIGGERED}",
        message="triggerPrice is for types StopMarket, StopLimit, TakeProfitMarket and TakeProfitLimit: "
        "remove triggerPrice, or choose one of these types",
        holds=lambda s: s.trigger_price is None or s.type.has_trigger_price,
    ),
    Rule(
        cel="has(self.trailing) == (self.type == 'TrailingStopMarket')",
        message="type TrailingStopMarket needs trailing, and no other type takes it",
        holds=lambda s: (s.trailing is not None) == (s.type is OrderType.TRAILING_STOP_MARKET),
    ),
    Rule(
        cel=f"self.timeInForce == 'GTC' || self.type in {_PRICED}",
        message="timeInForce IOC, FOK and GTD are for types Limit, StopLimit and TakeProfitLimit: remove timeInForce",
        holds=lambda s: s.time_in_force is Tif.GTC or s.type.has_price,
    ),
    Rule(
        cel="has(self.expireAt) == (self.timeInForce == 'GTD')",
        message="timeInForce GTD needs expireAt, and no other timeInForce takes it",
        holds=lambda s: (s.expire_at is not None) == (s.time_in_force is Tif.GTD),
    ),
    Rule(
        cel="!self.postOnly || (self.type == 'Limit' && self.timeInForce in ['GTC', 'GTD'])",
        message="postOnly is for type Limit with timeInForce GTC or GTD: remove postOnly, or change these",
        holds=lambda s: not s.post_only or (s.type is OrderType.LIMIT and s.time_in_force in (Tif.GTC, Tif.GTD)),
    ),
)

ORDER_RULES: tuple[Rule["OrderIntentSpec"], ...] = (
    Rule(
        cel="has(self.quantity) != has(self.quoteQuantity)",
        message="write either quantity or quoteQuantity, and not both",
        holds=lambda s: (s.quantity is None) != (s.quote_quantity is None),
    ),
    *TERMS_RULES,
    Rule(
        cel="self.placement.policy != 'CreateOnly' || has(self.placement.submitBefore)",
        message="placement.policy CreateOnly needs placement.submitBefore: add the time after which nothing is sent",
        holds=lambda s: s.placement.policy is not PlacementPolicy.CREATE_ONLY or s.placement.submit_before is not None,
    ),
)

TRAILING_RULES: tuple[Rule["Trailing"], ...] = (
    Rule(
        cel="self.offsetType != 'Percent' || self.offset.matches('^[0-9]{1,2}([.]|$)')",
        message="trailing.offset in Percent must be below 100",
        holds=lambda t: t.offset_type is not OffsetType.PERCENT or t.offset < 100,
    ),
)

ORDER_TRANSITIONS: tuple[TransitionRule["OrderIntentSpec"], ...] = (
    TransitionRule(
        cel="oldSelf.desiredState != 'Canceled' || self.desiredState == 'Canceled'",
        message="desiredState is immutable once it is Canceled: create a new OrderIntent with a new name instead",
        holds=lambda old, new: (
            old.desired_state is not DesiredState.CANCELED or new.desired_state is DesiredState.CANCELED
        ),
    ),
)


def _frozen_in_cel(name: str) -> str:
    new, old = f"self.spec.{name}", f"oldSelf.spec.{name}"
    return f"has({new}) == has({old}) && (!has({new}) || {new} == {old})"


def _frozen_values(intent: "OrderIntent") -> tuple[str | None, ...]:
    spec = intent.spec
    # As text, which is what the API server compares: "1.0" is not "1".
    return tuple(None if value is None else plain(value) for value in (spec.quantity, spec.price, spec.trigger_price))


_FINAL = ", ".join(f"'{state}'" for state in OrderStateName if state.is_final)

# The only rule at the root of the CRD: there a rule is not ratcheted, and one that an old object breaks would block the
# very writes (status, finalizer) with which an order is canceled. A transition rule cannot be broken by standing still.
FREEZE_RULES: tuple[TransitionRule["OrderIntent"], ...] = (
    TransitionRule(
        cel=f"!has(oldSelf.status) || !has(oldSelf.status.state) || !(oldSelf.status.state in [{_FINAL}]) || ("
        + " && ".join(f"({_frozen_in_cel(name)})" for name in ("quantity", "price", "triggerPrice"))
        + ")",
        message="the order is final, so spec.quantity, spec.price and spec.triggerPrice are frozen (each is immutable "
        "now): create a new OrderIntent with a new name instead",
        holds=lambda old, new: (
            old.status.state is None or not old.status.state.is_final or _frozen_values(old) == _frozen_values(new)
        ),
    ),
)
