"""What happens in a campaign and when, as a pure function of a seed.

A plan is a list of steps with times: what users do (create, amend, cancel, delete, create again), where the market
goes, and what breaks. Every step has a number, so that a failure can be narrowed down to the few that it takes: the
whole plan is always made from the seed and then filtered.
"""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from chaos import breakage
from chaos import group_plan as making
from chaos.breakage import Fault
from chaos.group_plan import GroupScript

Json = Mapping[str, Any]

MID = {"BTC/USDT": Decimal(60000), "ETH/USDT": Decimal(3000)}
_TICK = Decimal("0.01")
_STEP = {"BTC/USDT": Decimal("0.00001"), "ETH/USDT": Decimal("0.0001")}
_PATIENT = {"startingDeadlineSeconds": 900}
_PLACEMENTS: tuple[dict[str, Any], ...] = (
    _PATIENT,
    _PATIENT,
    {"startingDeadlineSeconds": 15},
    {**_PATIENT, "policy": "CreateOnly", "submitBefore": "2100-01-01T00:00:00Z"},
)
# How far the market wanders from where it began, and how far orders rest from there: most of them are reached.
_WANDERS, _RESTS = Decimal("0.06"), Decimal("0.09")


@dataclass(frozen=True, slots=True)
class Create:
    """Somebody applies a manifest; again after a deletion it is the same order."""

    spec: Json


@dataclass(frozen=True, slots=True)
class Amend:
    """Somebody changes fields of the spec."""

    change: Json


@dataclass(frozen=True, slots=True)
class Cancel:
    """Somebody sets desiredState: Canceled."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Somebody deletes the object, and waits for its end where it is created again."""

    wait: bool = False


Act = Create | Amend | Cancel | Delete


@dataclass(frozen=True, slots=True)
class Script:
    """What somebody does with one order.

    Attributes:
        number: Counts orders from 0.
        account: Which account of the campaign trades it.
        acts: (seconds from the start of the campaign, act), in order.
    """

    number: int
    account: int
    acts: tuple[tuple[float, Act], ...]

    @property
    def name(self) -> str:
        return f"o{self.number:04}"

    @property
    def spec(self) -> Json:
        """The spec as first applied."""
        first = self.acts[0][1]
        assert isinstance(first, Create)
        return first.spec

    @property
    def wish(self) -> Json:
        """The spec after everything that was done to it; of the last life."""
        spec: dict[str, Any] = {}
        for _, act in self.acts:
            if isinstance(act, Create):
                spec = dict(act.spec)
            elif isinstance(act, Amend):
                spec |= act.change
            elif isinstance(act, Cancel):
                spec["desiredState"] = "Canceled"
        return spec

    @property
    def deleted(self) -> bool:
        """Whether the object is gone at the end."""
        return isinstance(self.acts[-1][1], Delete)


@dataclass(frozen=True, slots=True)
class Broken:
    """A fault at a time; `number` counts faults from 0."""

    number: int
    at: float
    fault: Fault


@dataclass(frozen=True, slots=True)
class Drift:
    """The market trades to a price."""

    at: float
    symbol: str
    price: str


@dataclass(frozen=True)
class Plan:
    """One campaign."""

    seed: int
    seconds: float
    scripts: tuple[Script, ...]
    faults: tuple[Broken, ...]
    market: tuple[Drift, ...] = field(repr=False)
    groups: tuple[GroupScript, ...] = ()

    def only(self, orders: Collection[int] | None = None, faults: Collection[int] | None = None) -> "Plan":
        """The same campaign with some of its orders and faults; None keeps all."""
        return Plan(
            self.seed,
            self.seconds,
            tuple(script for script in self.scripts if orders is None or script.number in orders),
            tuple(broken for broken in self.faults if faults is None or broken.number in faults),
            self.market,
            self.groups,
        )


def make(seed: int, *, orders: int, faults: int, seconds: float, shares: Sequence[int], groups: int = 0) -> Plan:
    """The campaign of a seed.

    Args:
        seed: Everything follows from it.
        orders: How many OrderIntents.
        faults: How many faults.
        seconds: Over which time they are spread.
        shares: For each account, how many parts of the orders it has.
        groups: How many OrderGroups, on the accounts of Binance's dialect, which come first.
    """
    # One source per subject: another number of faults does not change the orders.
    intents, breaking, wandering = (_source(seed, part) for part in ("orders", "faults", "market"))
    return Plan(
        seed,
        seconds,
        tuple(_script(intents, number, seconds, shares) for number in range(orders)),
        tuple(
            Broken(number, at, breakage.any_of(breaking))
            for number, at in enumerate(sorted(breaking.uniform(1.0, seconds) for _ in range(faults)))
        ),
        _market(wandering, seconds),
        making.make(seed, groups=groups, seconds=seconds, accounts=range(min(4, len(shares)))),
    )


def _source(seed: int, part: str) -> random.Random:
    return random.Random(f"{seed}/{part}")  # noqa: S311 - repeatable, no secret


def _market(source: random.Random, seconds: float) -> tuple[Drift, ...]:
    drifts, at = [], 0.0
    while (at := at + source.uniform(0.5, 2.5)) < seconds:
        symbol = source.choice(tuple(MID))
        drifts.append(Drift(at, symbol, _price(source, symbol, _WANDERS)))
    return tuple(drifts)


def _price(source: random.Random, symbol: str, share: Decimal) -> str:
    far = Decimal(str(round(source.uniform(-1, 1), 6))) * share
    return str((MID[symbol] * (1 + far)).quantize(_TICK))


def _quantity(source: random.Random, symbol: str) -> str:
    worth = Decimal(source.randrange(20, 2000))
    return str((worth / MID[symbol]).quantize(_STEP[symbol]))


# --- orders -----------------------------------------------------------------------------------------------------------


def _script(source: random.Random, number: int, seconds: float, shares: Sequence[int]) -> Script:
    symbol, at = source.choice(tuple(MID)), source.uniform(0.0, seconds * 0.9)
    spec = _spec(source, symbol)
    acts: list[tuple[float, Act]] = [(at, Create(spec))]
    for act in _later(source, symbol, spec):
        delay = source.choice((source.uniform(0.0, 0.3), source.uniform(0.3, 6.0), source.uniform(6.0, 30.0)))
        at = min(at + delay, max(at, seconds) + 0.2)
        acts.append((at, act))
    account = source.choices(range(len(shares)), shares)[0]
    return Script(number, account, tuple(acts))


def _spec(source: random.Random, symbol: str) -> dict[str, Any]:
    side = source.choice(("Buy", "Sell"))
    spec: dict[str, Any] = {
        "symbol": symbol,
        "side": side,
        "quantity": _quantity(source, symbol),
        "placement": dict(source.choice(_PLACEMENTS)),
    }
    kind = source.choices(("resting", "trigger", "market", "quote", "IOC", "FOK", "denied"), (55, 12, 8, 4, 9, 4, 2))[0]
    if kind == "market":
        return spec | {"type": "Market"}
    if kind == "quote":
        del spec["quantity"]
        return spec | {"type": "Market", "side": "Buy", "quoteQuantity": str(source.randrange(20, 2000))}
    if kind == "trigger":
        return spec | _trigger(source, symbol)
    spec |= {"type": "Limit", "price": _price(source, symbol, _RESTS)}
    if kind in {"IOC", "FOK"}:
        spec["timeInForce"] = kind
    if kind == "denied":
        spec["price"] = f"{MID[symbol]}.00001"
    if kind == "resting" and source.random() < 0.1:
        spec["postOnly"] = True
    return spec


def _trigger(source: random.Random, symbol: str) -> dict[str, Any]:
    """A stop or a take-profit; where the market has passed its trigger already it is Denied."""
    trigger = {"triggerPrice": _price(source, symbol, _RESTS)}
    kind = source.choice(("StopMarket", "StopLimit", "TakeProfitMarket", "TakeProfitLimit"))
    limit = {"price": _price(source, symbol, _RESTS)} if kind.endswith("Limit") else {}
    return {"type": kind, **trigger, **limit}


def _later(source: random.Random, symbol: str, spec: Json) -> list[Act]:
    """What somebody does with an order afterwards."""
    acts: list[Act] = []
    if spec["type"] != "Market" and "timeInForce" not in spec:
        acts += [Amend(_change(source, symbol, spec)) for _ in range(source.choices((0, 1, 2), (60, 30, 10))[0])]
    acts += source.choices(
        (
            [],
            [Cancel()],
            [Delete()],
            [Cancel(), Delete()],
            [Delete(wait=True), Create(spec)],
            [Delete(wait=True), Create(spec), Cancel()],
            [Delete(wait=True), Create(_other(source, spec))],
        ),
        (30, 30, 15, 5, 10, 5, 5),
    )[0]
    return acts


def _other(source: random.Random, spec: Json) -> Json:
    """The same name with another wish."""
    field = "quoteQuantity" if "quoteQuantity" in spec else "quantity"
    return {**spec, field: str(Decimal(spec[field]) * source.choice((2, 3)))}


def _change(source: random.Random, symbol: str, spec: Json) -> Json:
    prices = {name: _price(source, symbol, _RESTS) for name in ("price", "triggerPrice") if name in spec}
    quantity = {"quantity": _quantity(source, symbol)}
    return source.choice((prices, quantity, prices | quantity))
