"""Groups in a campaign: brackets that people apply, change, cancel and delete. `group_verdict` judges them."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Json = Mapping[str, Any]
MIDDLE = Decimal(60000)
_TICK = Decimal(1)


@dataclass(frozen=True, slots=True)
class GroupScript:
    """What somebody does with one bracket.

    Attributes:
        number: Counts groups from 0.
        account: Which account trades it; one whose fees come off what is bought.
        at: Seconds from the start of the campaign.
        spec: The group's spec without its account.
        change: (seconds, prices of the stop) of an edit; None for none.
        end: (seconds, cancel or delete); None for none.
    """

    number: int
    account: int
    at: float
    spec: Json
    change: tuple[float, str] | None = None
    end: tuple[float, str] | None = None

    @property
    def name(self) -> str:
        return f"g{self.number:03}"

    @property
    def sells(self) -> bool:
        """Whether the entry sells: no fee comes off what its exits buy back."""
        return bool(self.spec["legs"][0]["side"] == "Sell")

    @property
    def deleted(self) -> bool:
        return self.end is not None and self.end[1] == "delete"

    def changed(self) -> list[Json]:
        """The legs with the stop's new price."""
        price = self.change[1] if self.change is not None else None
        return [{**leg, "triggerPrice": price} if leg["name"] == "stop" else leg for leg in self.spec["legs"]]


def make(seed: int, *, groups: int, seconds: float, accounts: Sequence[int]) -> tuple[GroupScript, ...]:
    """The groups of a campaign.

    Args:
        seed: Everything follows from it.
        groups: How many.
        seconds: Over which time they begin.
        accounts: Which accounts trade groups.
    """
    source = random.Random(f"{seed}/groups")  # noqa: S311 - repeatable, no secret
    return tuple(_script(source, number, seconds, accounts) for number in range(groups))


def _script(source: random.Random, number: int, seconds: float, accounts: Sequence[int]) -> GroupScript:
    at = source.uniform(0.0, seconds * 0.8)
    sells = source.random() < 0.3
    change = (at + source.uniform(1, 15), _near(source, 1 if sells else -1)) if source.random() < 0.3 else None
    what = source.choices(("", "cancel", "delete"), (50, 25, 25))[0]
    end = (min(seconds, at + source.uniform(0.2, 25)), what) if what else None
    return GroupScript(number, source.choice(accounts), at, _spec(source, sells=sells), change, end)


def _near(source: random.Random, sign: int) -> str:
    """A price within what the market wanders."""
    return str((MIDDLE * (1 + sign * Decimal(str(round(source.uniform(0.005, 0.05), 5))))).quantize(_TICK))


def _spec(source: random.Random, *, sells: bool) -> dict[str, Any]:
    """A bracket; one that sells does so as a whole or not at all, and the venue may take it with its exits."""
    enters, exits, up = ("Sell", "Buy", -1) if sells else ("Buy", "Sell", 1)
    entry: dict[str, Any] = {"name": "entry", "role": "Entry", "side": enters, "quantity": "0.01"}
    target = {"name": "target", "role": "TakeProfit", "side": exits, "type": "Limit", "price": _near(source, up)}
    if sells:
        price = source.choice((str(Decimal(target["price"]) + _TICK), str(MIDDLE)))
        entry |= {"type": "Limit", "timeInForce": "FOK", "price": price}
    else:
        entry |= source.choice(({"type": "Market"}, {"type": "Limit", "price": "60000"}))
    stop = {"name": "stop", "role": "StopLoss", "side": exits, "type": "StopMarket", "triggerPrice": _near(source, -up)}
    return {
        "type": "Bracket",
        "symbol": "BTC/USDT",
        "legs": [entry, target, stop],
        "placement": {"startingDeadlineSeconds": 900},
        "execution": source.choice(("Auto", "Auto", "Emulated")),
        "maxUnprotectedSeconds": source.choice((10, 60)),
        "deletionPolicy": source.choice(("KeepProtection", "KeepProtection", "Cancel")),
    }
