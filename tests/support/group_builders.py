"""Groups for tests: a bracket `trading/trade` on account `trading/main`, and what becomes of its legs step by step.

`Stage` plays one operator on one group: it carries out what is decided, and lets the test say what the orders say.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from exchange_kernel.api.conditions import Condition, ConditionStatus, ConditionType, find_condition
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.meta import FINALIZER_CLOSE_GROUP
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_status import Fee
from exchange_kernel.api.reasons import Reason
from exchange_kernel.api.scalars import format_time
from exchange_kernel.core.account_facts import AccountFacts, ReferencePrice
from exchange_kernel.core.groups.decide import GroupDecision, decide
from exchange_kernel.core.groups.facts import GroupView
from exchange_kernel.core.view import Now
from support.builders import CREATED, MONOTONIC, WALL, account

ENTRY = {"name": "entry", "role": "Entry", "side": "Buy", "type": "Market", "quantity": "1"}
TARGET = {"name": "target", "role": "TakeProfit", "side": "Sell", "type": "Limit", "price": "66000"}
STOP = {"name": "stop", "role": "StopLoss", "side": "Sell", "type": "StopMarket", "triggerPrice": "54000"}
DIP = {"name": "dip", "side": "Buy", "type": "Limit", "price": "55000"}
BREAKOUT = {"name": "breakout", "side": "Buy", "type": "StopMarket", "triggerPrice": "65000"}


def group(*legs: dict[str, Any], name: str = "trade", held: bool = False, **spec: Any) -> OrderGroup:  # noqa: ANN401 - fields of the spec
    """A group as the API server stores it."""
    meta: dict[str, Any] = {
        "name": name,
        "namespace": "trading",
        "uid": "uid-group",
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": format_time(CREATED),
    }
    if held:
        meta["finalizers"] = [FINALIZER_CLOSE_GROUP]
    fields = {"accountRef": {"name": "main"}, "symbol": "BTC/USDT", "legs": list(legs), **spec}
    return OrderGroup.from_object({"metadata": meta, "spec": fields})


def bracket(**spec: Any) -> OrderGroup:  # noqa: ANN401 - fields of the spec
    return group(ENTRY, TARGET, STOP, type="Bracket", **spec)


def oto(**spec: Any) -> OrderGroup:  # noqa: ANN401 - fields of the spec
    return group(ENTRY, STOP, type="OTO", **spec)


def ouo_exits(**spec: Any) -> OrderGroup:  # noqa: ANN401 - fields of the spec
    return group(TARGET, STOP, quantity="0.01", **{"type": "OUO", **spec})


def oco_entries(**spec: Any) -> OrderGroup:  # noqa: ANN401 - fields of the spec
    return group(DIP, BREAKOUT, type="OCO", quantity="1", **spec)


@dataclass
class Stage:
    """One group, its legs, and the time."""

    group: OrderGroup
    account: AccountFacts = field(default_factory=account)
    children: dict[str, OrderIntent] = field(default_factory=dict)
    price: Decimal | None = Decimal(60000)
    second: float = 0.0
    exposed_since: float | None = None
    taken: frozenset[str] = frozenset()
    last: GroupDecision | None = None

    @property
    def wall(self) -> datetime:
        return WALL + timedelta(seconds=self.second)

    def view(self) -> GroupView:
        now = Now(self.wall, MONOTONIC + self.second)
        known = None if self.price is None else ReferencePrice(self.price, now.monotonic)
        exposed = 0.0 if self.exposed_since is None else self.second - self.exposed_since
        return GroupView(self.group, dict(self.children), self.account, now, self.taken, known, exposed)

    def rest(self) -> GroupDecision:
        """Carry out what is decided until there is nothing to do; returns the last decision."""
        for _ in range(20):
            decision = decide(self.view())
            assert decide(self.view()) == decision
            self.last = decision
            if not decision.exposed:
                self.exposed_since = None
            elif self.exposed_since is None:
                self.exposed_since = self.second
            if decision.hold:
                self._meta(finalizers=(*self.group.metadata.finalizers, FINALIZER_CLOSE_GROUP))
                continue
            changed = decision.status != self.group.status
            self.group = self.group.model_copy(update={"status": decision.status})
            self._carry_out(decision)
            if not (changed or decision.changes or decision.creates):
                return decision
        raise AssertionError(f"it does not come to rest: {self.last}")

    def _carry_out(self, decision: GroupDecision) -> None:
        for change in decision.changes:
            name = change.child.metadata.name
            child = self.children[name]
            self.children[name] = child.model_copy(update={"spec": child.spec.model_copy(update=dict(change.fields))})
        for created in decision.creates:
            assert created.metadata.name not in self.children
            meta = created.metadata.model_copy(update={"uid": f"uid-{created.metadata.name}", "resource_version": "1"})
            self.children[created.metadata.name] = created.model_copy(update={"metadata": meta})

    def _meta(self, **changes: Any) -> None:  # noqa: ANN401 - fields of the metadata
        self.group = self.group.model_copy(update={"metadata": self.group.metadata.model_copy(update=changes)})

    # --- what happens -------------------------------------------------------------------------------------------

    def later(self, seconds: float) -> "Stage":
        self.second += seconds
        return self

    def says(
        self,
        name: str,
        state: State,
        *,
        filled: str | None = None,
        reason: Reason = Reason.WORKING,
        settled: bool = False,
        fee: str | None = None,
        placed: bool = True,
        denied: bool = False,
    ) -> "Stage":
        """An order of the group says how it stands; `name` is the leg's, with the round from the second on."""
        child = self.leg(name)
        accepted = reason.value if denied else self._accepted(child)
        conditions = (
            Condition(type="Ready", status=ConditionStatus.FALSE, reason=reason.value, last_transition_time=self.wall),
            Condition(
                type="Accepted",
                status=ConditionStatus.FALSE if accepted != Reason.ACCEPTED.value else ConditionStatus.TRUE,
                reason=accepted,
                last_transition_time=self.wall,
            ),
        )
        status = child.status.model_copy(
            update={
                "state": state,
                "conditions": conditions,
                "settled": settled,
                "message": f"{reason.value} it is",
                "exchange_order_id": f"v-{name}" if placed else None,
                "filled_quantity": child.status.filled_quantity if filled is None else Decimal(filled),
                "fees": child.status.fees if fee is None else (Fee(currency="BTC", amount=Decimal(fee)),),
                "finished_at": self.wall if state.is_final else None,
            }
        )
        self.children[child.metadata.name] = child.model_copy(update={"status": status})
        return self

    @staticmethod
    def _accepted(child: OrderIntent) -> str:
        before = find_condition(child.status.conditions, ConditionType.ACCEPTED)
        return before.reason if before is not None else Reason.ACCEPTED.value

    def edit(self, **spec: Any) -> "Stage":  # noqa: ANN401 - fields of the spec
        """The user changes the group; values are those of the model."""
        self._meta(generation=self.group.metadata.generation + 1)
        self.group = self.group.model_copy(update={"spec": self.group.spec.model_copy(update=spec)})
        return self

    def reprice(self, leg: str, **fields: Any) -> "Stage":  # noqa: ANN401 - fields of a leg
        legs = tuple(each.model_copy(update=fields) if each.name == leg else each for each in self.group.spec.legs)
        return self.edit(legs=legs)

    def delete(self) -> "Stage":
        self._meta(deletion_timestamp=self.wall)
        return self

    # --- what is there ------------------------------------------------------------------------------------------

    def leg(self, name: str) -> OrderIntent:
        found = self.children.get(f"{self.group.metadata.name}-{name}")
        assert found is not None, f"there is no {name}: {self.names}"
        return found

    def wants(self, name: str) -> tuple[str, str, str]:
        """(desired state, type, quantity) of an order."""
        spec = self.leg(name).spec
        return spec.desired_state.value, spec.type.value, str(spec.quantity)

    @property
    def names(self) -> set[str]:
        return {name.removeprefix(f"{self.group.metadata.name}-") for name in self.children}

    @property
    def state(self) -> str:
        found = self.group.status.state
        return "" if found is None else found.value

    def condition(self, kind: str) -> tuple[str, str]:
        found = find_condition(self.group.status.conditions, ConditionType(kind))
        return ("", "") if found is None else (found.status.value, found.reason)
