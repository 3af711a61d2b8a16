"""Published markets: which, under which names, and which writes bring them there."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.exchange_market import ExchangeMarket
from exchange_kernel.api.scalars import NAME_PATTERN
from exchange_kernel.core.markets import Writes, compare, object_name, wanted_assets, wanted_markets
from exchange_kernel.core.venue_rules import Market
from support.builders import RULES, WALL, market

KEEP = timedelta(days=7)
LATER = WALL + timedelta(hours=1)
NOBODY: frozenset[str] = frozenset()
SYMBOLS = st.from_regex(r"[^\s/:]{1,32}/[^\s/:]{1,32}", fullmatch=True)


def account(**markets: object) -> ExchangeAccount:
    spec = {"exchange": "binance", "credentialsSecretRef": {"name": "keys"}, "markets": markets or {"mode": "All"}}
    meta = {"namespace": "trading", "name": "main", "uid": "a1"}
    return ExchangeAccount.from_object({"metadata": meta, "spec": spec})


def pair(base: str, quote: str = "USDT", **changes: Any) -> Market:  # noqa: ANN401 - fields of Market
    return market(symbol=f"{base}/{quote}", base=base, quote=quote, **changes)


def published(*markets: Market, of: ExchangeAccount | None = None) -> dict[str, ExchangeMarket]:
    return wanted_markets(of or account(), markets, RULES, WALL)


def stored(objects: dict[str, ExchangeMarket]) -> dict[str, ExchangeMarket]:
    """The objects as the API server gives them back."""
    result = {}
    for name, each in objects.items():
        obj = each.to_object()
        obj["metadata"].update(
            {"uid": f"u-{name}", "resourceVersion": "7", "creationTimestamp": "2030-01-01T00:00:00Z"}
        )
        result[name] = ExchangeMarket.from_object(obj)
    return result


def symbols(writes: tuple[ExchangeMarket, ...]) -> list[str]:
    return sorted(each.symbol for each in writes)


@given(SYMBOLS, st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?", fullmatch=True))
def test_every_symbol_has_a_name_that_kubernetes_takes(symbol: str, owner: str) -> None:
    name = object_name(owner, symbol)

    assert re.fullmatch(NAME_PATTERN, name)
    assert len(name) <= 253


def test_a_name_is_read_by_humans_and_stays_the_same() -> None:
    assert object_name("main", "BTC/USDT") == "main-btc-usdt-" + object_name("main", "BTC/USDT")[-8:]
    assert object_name("main", "BTC/USDT") == object_name("main", "BTC/USDT")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (("main", "BTC/USDT"), ("main", "BTC/USDT:USDT")),
        (("main", "A-B/C"), ("main", "A/B-C")),
        (("main", "btc/USDT"), ("main", "BTC/USDT")),
        (("main", "币/USDT"), ("main", "安/USDT")),
        (("main-btc", "X/Y"), ("main", "BTC-X/Y")),
    ],
)
def test_what_looks_alike_has_two_names(left: tuple[str, str], right: tuple[str, str]) -> None:
    assert object_name(*left) != object_name(*right)


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"mode": "All"}, ["BTC/EUR", "BTC/USDT", "ETH/USDT"]),
        ({"mode": "Selected"}, []),
        ({"mode": "Selected", "symbols": ["BTC/EUR"]}, ["BTC/EUR"]),
        ({"mode": "Selected", "quotes": ["USDT"]}, ["BTC/USDT", "ETH/USDT"]),
        ({"mode": "Selected", "symbols": ["BTC/EUR"], "quotes": ["USDT"]}, ["BTC/EUR", "BTC/USDT", "ETH/USDT"]),
    ],
)
def test_the_account_selects_what_is_published(wish: dict[str, object], expected: list[str]) -> None:
    found = published(pair("ETH"), pair("BTC"), pair("BTC", "EUR"), of=account(**wish))

    assert symbols(tuple(found.values())) == expected


def test_a_market_says_by_what_an_order_is_judged_and_who_owns_it() -> None:
    rules = pair("BTC", order_types=frozenset({"Limit"}), maker_fee=Decimal("-0.0001"), max_quantity=Decimal("1E+30"))
    obj = next(iter(published(rules).values())).to_object()

    assert obj["orderTypes"] == [
        {"type": "Limit", "timeInForce": ["GTC", "IOC", "GTD"], "postOnly": True, "reduceOnly": False}
    ]
    assert (obj["priceTick"], obj["quantityStep"], obj["minNotional"]) == ("0.01", "0.00001", "5")
    assert obj["makerFee"] == "-0.0001"
    assert obj["quoteQuantity"] is False
    assert {"takerFee", "maxQuantity", "settle"}.isdisjoint(obj)
    assert [ref["uid"] for ref in obj["metadata"]["ownerReferences"]] == ["a1"]


def test_an_asset_has_the_finest_step_of_its_markets() -> None:
    markets = published(
        pair("BTC", quantity_step=Decimal("0.001")),
        pair("BTC", "EUR", quantity_step=Decimal("0.00001")),
        pair("ETH", active=False),
        pair("XRP", "BTC", active=False),
    )
    assets = {each.asset: each for each in wanted_assets(account(), markets.values(), WALL).values()}

    assert {name: (each.step, each.active) for name, each in assets.items()} == {
        "BTC": (Decimal("0.00001"), True),
        "ETH": (Decimal("0.00001"), False),
        "EUR": (None, True),
        "USDT": (None, True),
        "XRP": (Decimal("0.00001"), False),
    }


def test_what_is_missing_is_created_and_what_is_there_is_left_alone() -> None:
    first = published(pair("BTC"), pair("ETH"))
    assert symbols(compare(first, {}, NOBODY, WALL, KEEP).create) == ["BTC/USDT", "ETH/USDT"]

    again = wanted_markets(account(), [pair("BTC"), pair("ETH")], RULES, LATER)
    assert compare(again, stored(first), NOBODY, LATER, KEEP) == Writes()


def test_a_changed_rule_replaces_one_object_with_its_own_metadata() -> None:
    existing = stored(published(pair("BTC"), pair("ETH")))
    wanted = wanted_markets(account(), [pair("BTC", price_tick=Decimal("0.1")), pair("ETH")], RULES, LATER)

    writes = compare(wanted, existing, NOBODY, LATER, KEEP)

    assert len(writes) == 1
    (changed,) = writes.replace
    assert (changed.symbol, changed.price_tick, changed.as_of) == ("BTC/USDT", Decimal("0.1"), LATER)
    assert changed.metadata == existing[changed.metadata.name].metadata


def test_a_market_that_vanishes_is_marked_then_kept_then_removed() -> None:
    existing = stored(published(pair("BTC"), pair("ETH")))
    wanted = published(pair("BTC"))

    (marked,) = compare(wanted, existing, NOBODY, LATER, KEEP).replace
    assert (marked.symbol, marked.active, marked.delisted_at) == ("ETH/USDT", False, LATER)

    existing[marked.metadata.name] = marked
    assert compare(wanted, existing, NOBODY, LATER + KEEP - timedelta(seconds=1), KEEP) == Writes()
    assert symbols(compare(wanted, existing, NOBODY, LATER + KEEP, KEEP).remove) == ["ETH/USDT"]


def test_a_market_that_comes_back_is_no_longer_marked() -> None:
    both = published(pair("BTC"), pair("ETH"))
    existing = stored(both)
    (marked,) = compare(published(pair("BTC")), existing, NOBODY, LATER, KEEP).replace
    existing[marked.metadata.name] = marked

    (back,) = compare(both, existing, NOBODY, LATER, KEEP).replace

    assert (back.active, back.delisted_at) == (True, None)


def test_what_the_account_does_not_publish_any_more_is_removed_at_once() -> None:
    existing = stored(published(pair("BTC"), pair("ETH")))
    unpublished = frozenset({object_name("main", "ETH/USDT")})

    writes = compare(published(pair("BTC")), existing, unpublished, WALL, KEEP)

    assert symbols(writes.remove) == ["ETH/USDT"]
    assert len(writes) == 1


@given(st.sets(st.sampled_from("ABCDEFGH")), st.sets(st.sampled_from("ABCDEFGH")))
def test_after_the_writes_there_is_nothing_to_write(before: set[str], after: set[str]) -> None:
    existing = stored(published(*map(pair, before)))
    wanted = published(*map(pair, after))

    writes = compare(wanted, existing, NOBODY, LATER, KEEP)
    for each in (*writes.create, *writes.replace):
        existing[each.metadata.name] = each

    assert compare(wanted, existing, NOBODY, LATER, KEEP) == Writes()
    assert {each.symbol for each in existing.values() if each.active} == {f"{base}/USDT" for base in after}
