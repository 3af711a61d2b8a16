"""Worlds: two operators on one group, drawn from a seed, with what must hold at every second and at the end."""

import random
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from exchange_kernel.api.enums import (
    DesiredState,
    GroupDeletionPolicy,
    GroupType,
    OnOverfill,
    OnProtectionFailure,
    Side,
    TradingState,
)
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.meta import ANNOTATION_ORDER_LIST, FINALIZER_CLOSE_GROUP
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.core.account_facts import AccountFacts, Problem, ReferencePrice
from exchange_kernel.core.groups import decide as heart
from exchange_kernel.core.groups.facts import GroupView
from exchange_kernel.core.groups.leg import child_name
from exchange_kernel.core.groups.states import may_follow
from exchange_kernel.core.venue_rules import OcoRules
from exchange_kernel.core.view import Now
from support.builders import RULES, market
from support.group_builders import bracket, group, oco_entries, oto, ouo_exits
from support.group_simulation.model import Api, ConflictError, Market, bought, bought_gross, is_live, sold

ZERO = Decimal(0)
DUST = Decimal("0.0005")  # ten times what the market's notional asks for at 60000 is far above it
SECONDS, QUIET_SECONDS = 45, 400


class Broken(AssertionError):
    """An invariant does not hold."""


@dataclass
class Operator:
    """One process: a cache that lags, and a pass that can be cut off between any two requests."""

    world: "World"
    group: OrderGroup | None = None
    children: dict[str, OrderIntent] = field(default_factory=dict)
    price: ReferencePrice | None = None
    exposed_since: float | None = None
    blind_until: int = 0
    running: Generator[None, None, None] | None = None

    def sync(self) -> None:
        api = self.world.api
        self.group = api.group
        self.children = dict(api.children)

    def restart(self) -> None:
        self.running, self.price, self.exposed_since = None, None, None
        # A new process reads the account's markets before it knows anything of fees and steps.
        self.blind_until = self.world.market.second + self.world.rng.choice((0, 2))
        self.sync()

    def step(self) -> None:
        """Go on until the next request."""
        if self.running is None:
            self.running = self._pass()
        try:
            next(self.running)
        except StopIteration:
            self.running = None
        except ConflictError:
            self.running = None
            self.sync()

    def finish(self) -> None:
        self.step()
        while self.running is not None:
            self.step()

    def _pass(self) -> Generator[None, None, None]:
        for _ in range(24):
            group = self.group
            if group is None:
                return
            yield from self._complete(group)
            view = self._view(group)
            decision = heart.decide(view)
            self.world.check_decision(view, decision)
            self._note(decision)
            if decision.hold:
                yield
                meta = group.metadata
                held = meta.model_copy(update={"finalizers": (*meta.finalizers, FINALIZER_CLOSE_GROUP)})
                self.group = self.world.api.put_group(group, metadata=held)
            elif decision.read_price:
                yield
                self.price = ReferencePrice(self.world.market.price, self._now().monotonic)
            else:
                if decision.status != group.status:
                    yield
                    self.world.check_status(group.status, decision.status)
                    self.group = self.world.api.say(group, decision.status)
                if not decision.changes and not decision.creates:
                    if decision.release:
                        yield
                        self.world.release(group)
                        self.group = None
                    return
                yield from self._act(decision)
        raise Broken("a group does not come to rest")

    def _act(self, decision: heart.GroupDecision) -> Generator[None, None, None]:
        api = self.world.api
        for change in decision.changes:
            yield
            try:
                stored = api.change(change.child, change.fields)
            except ConflictError:
                stored = api.children[change.child.metadata.name]
            self.children[stored.metadata.name] = stored
        for child in decision.creates:
            yield
            self.world.check_create(child)
            try:
                stored = api.create(child, self.world.market.wall)
            except ConflictError:
                stored = api.children[child.metadata.name]
            self.children[stored.metadata.name] = stored

    def _complete(self, group: OrderGroup) -> Generator[None, None, None]:
        for leg in group.status.legs:
            ended = leg.state is not None and leg.state.is_final
            if leg.intent is not None and leg.intent not in self.children and not ended:
                yield
                found = self.world.api.children.get(leg.intent)
                if found is not None:
                    self.children[leg.intent] = found

    def _now(self) -> Now:
        return Now(self.world.market.wall, float(self.world.market.second))

    def _view(self, group: OrderGroup) -> GroupView:
        since, now = self.exposed_since, self._now()
        return GroupView(
            group=group,
            children=dict(self.children),
            account=self.world.account(blind=self.world.market.second < self.blind_until),
            now=now,
            price=self.price,
            exposed_for=0.0 if since is None else now.monotonic - since,
        )

    def _note(self, decision: heart.GroupDecision) -> None:
        if not decision.exposed:
            self.exposed_since = None
        elif self.exposed_since is None:
            self.exposed_since = self._now().monotonic


OCO = OcoRules(
    stops=frozenset({"StopMarket"}), targets=frozenset({"Limit"}), entries=frozenset({("Sell", "Limit", "FOK")})
)
SOLD = {"name": "entry", "role": "Entry", "side": "Sell", "type": "Limit", "timeInForce": "FOK", "price": "59000"}
SHORT_TARGET = {"name": "target", "role": "TakeProfit", "side": "Buy", "type": "Limit", "price": "55500"}
SHORT_STOP = {"name": "stop", "role": "StopLoss", "side": "Buy", "type": "StopMarket", "triggerPrice": "64000"}


def short_bracket(**spec: Any) -> OrderGroup:  # noqa: ANN401 - fields of the spec
    return group({**SOLD, "quantity": "1"}, SHORT_TARGET, SHORT_STOP, type="Bracket", **spec)


KINDS = {"bracket": bracket, "oto": oto, "ouo": ouo_exits, "oco": oco_entries}


class World:
    """One seed; `native`: the venue ties orders together; `short`: and takes the entry, which sells, with its exits."""

    def __init__(self, seed: int, *, native: bool = False, short: bool = False) -> None:
        supported = RULES.supported | {("Limit", "FOK", False, False)}
        self.rules = replace(RULES, oco=OCO, supported=supported) if native or short else RULES
        self.rng = random.Random(seed)  # noqa: S311 - a world is drawn, nothing is secret
        self.kind = "short" if short else self.rng.choice(sorted(KINDS))
        policy = self.rng.choice(tuple(OnProtectionFailure))
        spec: dict[str, Any] = {
            "onProtectionFailure": policy.value,
            "maxUnprotectedSeconds": self.rng.choice((5, 30)),
            "onOverfill": self.rng.choice(tuple(OnOverfill)).value,
            "deletionPolicy": self.rng.choice(tuple(GroupDeletionPolicy)).value,
        }
        if self.kind == "oto":
            spec["partialTrigger"] = self.rng.random() < 0.5
        if self.kind == "ouo" and self.rng.random() < 0.5:
            spec["type"] = "OCO"
        self.api = Api((short_bracket if short else KINDS[self.kind])(**spec))
        self.market = Market(self.api, self.rng, odd=self.rng.choice((0.0, 0.0, 0.01, 0.05)))
        self.market.exit_side = Side.BUY if short else Side.SELL
        self.operators = [Operator(self), Operator(self)]
        self.halted = self.released = False
        self.paired = self.kind in {"bracket", "ouo", "short"}
        self.held_before = Decimal(1) if self.kind == "ouo" else ZERO

    # --- surroundings -------------------------------------------------------------------------------------------

    def account(self, *, blind: bool) -> AccountFacts:
        if blind:
            return AccountFacts(problem=Problem("Connecting", "the account is being opened"))
        return AccountFacts(
            venue_account_id="v",
            journal_uid="j",
            markets={"BTC/USDT": market()},
            rules=self.rules,
            trading_state=TradingState.HALTED if self.halted else TradingState.ENABLED,
            prices={},
        )

    def release(self, group: OrderGroup) -> None:
        if self.api.group is None or self.api.group.metadata.resource_version != group.metadata.resource_version:
            raise ConflictError
        self.api.group, self.released = None, True

    # --- the run ------------------------------------------------------------------------------------------------

    def run(self) -> "World":
        for _ in range(SECONDS):
            self._second(faults=True)
        self.halted = self.market.halted = False
        self.market.odd = 0.0
        if self.api.group is not None and self.api.group.spec.suspend:
            self._edit(suspend=False)
        quiet, before = 0, -1
        for _ in range(QUIET_SECONDS):
            self._second(faults=False)
            quiet = quiet + 1 if self.api.version == before else 0
            before = self.api.version
            if quiet > 70:
                break
        else:
            raise Broken("it never comes to rest")
        self._check_end()
        return self

    def _second(self, *, faults: bool) -> None:
        self.market.tick()
        if faults:
            self._move()
            self._user()
        for operator in self.operators:
            chance = self.rng.random()
            if faults and chance < 0.05:
                operator.restart()
            elif faults and chance < 0.25:
                continue  # frozen for a second, or in the middle of a pass
            elif faults and chance < 0.5:
                operator.step()
            else:
                if not faults or self.rng.random() < 0.7:
                    operator.sync()
                operator.finish()
            self._check()

    def _move(self) -> None:
        if self.rng.random() < 0.15:
            self.market.price = Decimal(self.rng.choice((52000, 55000, 58000, 60000, 62000, 65000, 67000, 67000)))

    def _user(self) -> None:
        if self.rng.random() > 0.04 or self.api.group is None:
            return
        what = self.rng.choice(("cancel", "delete", "suspend", "resume", "reprice", "reprice", "halt", "lift"))
        match what:
            case "cancel":
                self._edit(desired_state=DesiredState.CANCELED)
            case "delete":
                meta = self.api.group.metadata.model_copy(update={"deletion_timestamp": self.market.wall})
                self.api.put_group(self.api.group, metadata=meta)
                if FINALIZER_CLOSE_GROUP not in meta.finalizers:
                    self.api.group = None
            case "suspend" | "resume":
                self._edit(suspend=what == "suspend")
            case "reprice":
                legs = self.api.group.spec.legs
                moved = tuple(
                    leg.model_copy(update={"trigger_price": leg.trigger_price + 10}) if leg.trigger_price else leg
                    for leg in legs
                )
                self._edit(legs=moved)
            case _:
                self.halted = self.market.halted = what == "halt"

    def _edit(self, **fields: Any) -> None:  # noqa: ANN401 - fields of the spec
        group = self.api.group
        if group is None or (group.status.state is not None and group.status.state.is_final and "legs" in fields):
            return
        meta = group.metadata.model_copy(update={"generation": group.metadata.generation + 1})
        self.api.put_group(group, spec=group.spec.model_copy(update=fields), metadata=meta)

    # --- what must hold -----------------------------------------------------------------------------------------

    def check_decision(self, view: GroupView, decision: heart.GroupDecision) -> None:
        if heart.decide(view) != decision:
            raise Broken("the same view gives another decision")

    def check_status(self, before: Any, after: Any) -> None:  # noqa: ANN401 - two statuses
        if not may_follow(before.state, after.state):
            raise Broken(f"{after.state} follows {before.state}")
        if self.kind == "short" and after.overfill_quantity and not self.market.late:
            raise Broken("an overfill is reported, and there is none")
        rounds = {leg.name: leg.round for leg in before.legs}
        for leg in after.legs:
            if leg.round > rounds.get(leg.name, 0) + 1:
                raise Broken(f"{leg.name} skips a round")

    def check_create(self, child: OrderIntent) -> None:
        group = self.api.group
        if group is None:
            return
        named = {
            child_name(group.metadata.name, leg.name, number)
            for leg in group.status.legs
            for number in range(1, leg.round + 1)
        }
        if child.metadata.name not in named:
            raise Broken(f"{child.metadata.name} is created without a record")

    def _check(self) -> None:
        children = self.api.children
        self._check_sums(children)
        if self.paired:
            exits = [c for c in children.values() if is_live(c) and c.spec.side is self.market.exit_side]
            lists = {c.metadata.annotations.get(ANNOTATION_ORDER_LIST, c.metadata.name) for c in exits}
            if len(lists) > 1:
                raise Broken(f"two exits at once: {[c.metadata.name for c in exits]}")

    def _check_sums(self, children: dict[str, OrderIntent]) -> None:
        """Nothing is exited beyond what was entered; an entry that was filled and has not said so counts."""
        if self.kind == "short":
            unsaid = sum(
                (children[name].spec.quantity or ZERO for name, done in self.market.entered.items() if done), ZERO
            )
            if bought_gross(children) > sold(children) + unsaid + self.market.late:
                raise Broken(f"bought back {bought_gross(children)} of {sold(children) + unsaid}")
            return
        allowed = bought(children)
        if self.kind == "ouo":
            allowed = Decimal("0.01") if self.api.group is not None else Decimal(1)
        if self.kind != "oco" and sold(children) > allowed + self.market.late:
            raise Broken(f"sold {sold(children)} of {allowed}")

    def _check_end(self) -> None:
        group, children = self.api.group, self.api.children
        live = [name for name, child in children.items() if is_live(child)]
        if group is None:
            return
        status = group.status
        if status.state is not None and status.state.is_final and live:
            raise Broken(f"{status.state} with live orders {live}")
        left = (status.target_quantity or ZERO) - (status.filled_quantity or ZERO)
        protects = any(leg.role.value == "StopLoss" and leg.round for leg in status.legs)
        wanted = group.spec.desired_state is DesiredState.WORKING and not group.metadata.deleting
        if not (protects and wanted and left > DUST) or status.protection_failure is not None:
            return
        if group.spec.type is GroupType.OCO or any(leg.name in {"close", "flatten"} for leg in status.legs):
            return
        said = {condition.type: condition for condition in status.conditions}
        protected = said.get("Protected")
        stops = [c for c in children.values() if is_live(c) and c.spec.trigger_price is not None]
        if not stops and (protected is None or protected.status.value != "False") and not _was_canceled(children):
            raise Broken(f"{left} is held without a stop, and nobody says so: {status.message}")


def _was_canceled(children: dict[str, OrderIntent]) -> bool:
    return any(child.status.state is State.UNKNOWN for child in children.values())
