"""Which markets of an account are published, and which writes bring the published objects there.

Pure: the markets as the profile reads them and the account's wish make the objects that should be; these and the
objects that are make the writes. Nothing that is as it should be is written, so that a restart writes nothing. A market
that the venue does not list any more is marked first and removed later: a strategy that watches sees why it goes.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

from pydantic import ValidationError

from exchange_kernel.api.enums import MarketsMode, OrderType, TimeInForce
from exchange_kernel.api.exchange_account import ExchangeAccount, PublishedMarkets
from exchange_kernel.api.exchange_asset import ExchangeAsset
from exchange_kernel.api.exchange_market import ExchangeMarket, MarketOrderType
from exchange_kernel.api.meta import API_VERSION, ObjectMeta, OwnerReference
from exchange_kernel.core.status import tidy
from exchange_kernel.core.venue_rules import Market, VenueRules

HASH_DIGITS = 8
SLUG_LENGTH = 40
NAME_LENGTH = 253
# What the kinds' decimals can hold; a larger maximum binds no order, whose own numbers are below it.
UNBOUNDED = Decimal(10) ** 20

Published = TypeVar("Published", ExchangeMarket, ExchangeAsset)


def object_name(account: str, key: str) -> str:
    """`<account>-<slug>-<hash8>`: the slug is for humans, the hash of account and key tells equal slugs apart.

    Args:
        account: Name of the ExchangeAccount.
        key: Symbol or currency code as ccxt writes it; "BTC/USDT" and "BTC-USDT" have one slug, and two names.
    """
    text = f"{len(account)}:{account}{key}"
    digest = hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]
    slug = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")[:SLUG_LENGTH].strip("-")
    tail = f"-{slug}-{digest}" if slug else f"-{digest}"
    return account[: NAME_LENGTH - len(tail)].rstrip("-.") + tail


def is_published(wish: PublishedMarkets, symbol: str, quote: str) -> bool:
    """Whether the account wants this market published."""
    return wish.mode is MarketsMode.ALL or symbol in wish.symbols or quote in wish.quotes


def wanted_markets(
    account: ExchangeAccount, markets: Iterable[Market], rules: VenueRules, now: datetime
) -> dict[str, ExchangeMarket]:
    """The objects that should be, by name.

    Args:
        account: Its spec.markets selects; it owns the objects.
        markets: All markets of the account's type, as the profile reads them.
        rules: What the profile can place.
        now: `asOf` of what is new or changed.
    """
    chosen = (each for each in markets if is_published(account.spec.markets, each.symbol, each.quote))
    made = (_made(account, market, rules, now) for market in sorted(chosen, key=lambda market: market.symbol))
    return {each.metadata.name: each for each in made if each is not None}


def _made(account: ExchangeAccount, market: Market, rules: VenueRules, now: datetime) -> ExchangeMarket | None:
    """One market as an object; None for one with a name or a number that the kind cannot hold: the others go on."""
    try:
        return market_object(account, market, rules, now)
    except ValidationError:
        return None


def market_object(account: ExchangeAccount, market: Market, rules: VenueRules, now: datetime) -> ExchangeMarket:
    """One market as an object."""
    kinds = _order_types(market, rules)
    return ExchangeMarket(
        metadata=_owned(account, market.symbol),
        account=account.metadata.name,
        symbol=market.symbol,
        exchange=account.spec.exchange,
        base=market.base,
        quote=market.quote,
        settle=market.symbol.partition(":")[2] or None,
        active=market.active,
        price_tick=tidy(market.price_tick),
        quantity_step=tidy(market.quantity_step),
        min_quantity=_tidy(market.min_quantity),
        max_quantity=_maximum(market.max_quantity),
        market_max_quantity=_maximum(market.market_max_quantity),
        min_notional=_tidy(market.min_notional),
        max_notional=_maximum(market.max_notional),
        min_price=_tidy(market.min_price),
        max_price=_maximum(market.max_price),
        min_trailing_percent=_tidy(market.min_trailing_percent),
        max_trailing_percent=_tidy(market.max_trailing_percent),
        maker_fee=_tidy(market.maker_fee),
        taker_fee=_tidy(market.taker_fee),
        order_types=kinds,
        quote_quantity=rules.quote_market_buy and any(each.type is OrderType.MARKET for each in kinds),
        as_of=now,
    )


def wanted_assets(
    account: ExchangeAccount, markets: Iterable[ExchangeMarket], now: datetime
) -> dict[str, ExchangeAsset]:
    """The assets that these markets trade, by name of the object."""
    steps: dict[str, Decimal | None] = {}
    active: dict[str, bool] = {}
    for market in markets:
        for asset in (market.base, market.quote):
            steps.setdefault(asset, None)
            active[asset] = active.get(asset, False) or market.active
        known = steps[market.base]
        if market.quantity_step and not market.settle:  # a swap's step counts contracts
            steps[market.base] = market.quantity_step if known is None else min(known, market.quantity_step)
    made = (
        ExchangeAsset(
            metadata=_owned(account, asset),
            account=account.metadata.name,
            asset=asset,
            exchange=account.spec.exchange,
            active=active[asset],
            step=steps[asset],
            as_of=now,
        )
        for asset in sorted(steps)
    )
    return {each.metadata.name: each for each in made}


@dataclass(frozen=True, slots=True)
class Writes(Generic[Published]):
    """What is to be written; empty when everything is as it should be.

    Attributes:
        create: Objects that are missing.
        replace: Objects as they should be, with the metadata of those that are.
        remove: Objects that are not wanted any more.
    """

    create: tuple[Published, ...] = ()
    replace: tuple[Published, ...] = ()
    remove: tuple[Published, ...] = ()

    def __len__(self) -> int:
        return len(self.create) + len(self.replace) + len(self.remove)


def compare(
    wanted: Mapping[str, Published],
    existing: Mapping[str, Published],
    unpublished: frozenset[str],
    now: datetime,
    keep: timedelta,
) -> Writes[Published]:
    """The writes that bring `existing` to `wanted`.

    Args:
        wanted: The objects that should be, by name.
        existing: This account's objects, by name, as they are.
        unpublished: Names of those that the account does not want any more: removed at once.
        now: When a market that has vanished is marked.
        keep: How long a marked object stays.
    """
    create = tuple(each for name, each in wanted.items() if name not in existing)
    replace: list[Published] = []
    remove: list[Published] = []
    for name, current in existing.items():
        if current.metadata.deleting:
            continue
        following = wanted.get(name)
        if following is not None:
            if not same_facts(current, following):
                replace.append(following.model_copy(update={"metadata": _kept(current, following)}))
        elif name in unpublished or (current.delisted_at is not None and now >= current.delisted_at + keep):
            remove.append(current)
        elif current.delisted_at is None:
            replace.append(current.model_copy(update={"active": False, "delisted_at": now, "as_of": now}))
    return Writes(create, tuple(replace), tuple(remove))


def same_facts(left: Published, right: Published) -> bool:
    """Whether both say the same of the market, and have the same owner; when they said so is no fact."""
    if left.metadata.owner_references != right.metadata.owner_references:
        return False
    unlike = {"metadata", "as_of"}
    return left.model_dump(exclude=unlike) == right.model_dump(exclude=unlike)


def _kept(current: Published, following: Published) -> ObjectMeta:
    """The metadata that is, with the owner that should be."""
    return current.metadata.model_copy(update={"owner_references": following.metadata.owner_references})


def _owned(account: ExchangeAccount, key: str) -> ObjectMeta:
    meta = account.metadata
    owner = OwnerReference(
        api_version=API_VERSION, kind=account.INFO.kind, name=meta.name, uid=meta.uid, controller=True
    )
    return ObjectMeta(namespace=meta.namespace, name=object_name(meta.name, key), owner_references=(owner,))


def _order_types(market: Market, rules: VenueRules) -> tuple[MarketOrderType, ...]:
    """What both the profile and the market take; a market without a list of its own takes all."""
    found: list[MarketOrderType] = []
    for kind in OrderType:
        rows = [row for row in rules.supported if row[0] == kind.value]
        if not rows or (market.order_types and kind.value not in market.order_types):
            continue
        forces = {row[1] for row in rows}
        found.append(
            MarketOrderType(
                type=kind,
                time_in_force=tuple(force for force in TimeInForce if force.value in forces),
                post_only=any(row[2] for row in rows),
                reduce_only=any(row[3] for row in rows),
            )
        )
    return tuple(found)


def _tidy(value: Decimal | None) -> Decimal | None:
    return None if value is None else tidy(value)


def _maximum(value: Decimal | None) -> Decimal | None:
    return None if value is None or value >= UNBOUNDED else tidy(value)
