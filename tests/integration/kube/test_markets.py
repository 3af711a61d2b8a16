"""Published markets on a real API server: a restart writes nothing, and what vanishes is marked and then removed."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.exchange_asset import ExchangeAsset
from exchange_kernel.api.exchange_market import ExchangeMarket
from exchange_kernel.api.meta import API_VERSION
from exchange_kernel.core.markets import Writes, compare, wanted_assets, wanted_markets
from exchange_kernel.core.venue_rules import Market
from exchange_kernel.kube.accounts import AccountStore
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.errors import AlreadyExists, Conflict
from exchange_kernel.kube.markets import PublishedStore
from exchange_kernel.kube.resources import ACCOUNTS, ASSETS, MARKETS
from support.builders import RULES, market

NOW = datetime(2030, 1, 1, tzinfo=UTC)
KEEP = timedelta(days=7)
BTC = market()
ETH = market(symbol="ETH/USDT", base="ETH")


async def applied(client: ApiClient, namespace: str, name: str) -> ExchangeAccount:
    spec = {"exchange": "binance", "credentialsSecretRef": {"name": "keys"}, "markets": {"mode": "All"}}
    body = {"apiVersion": API_VERSION, "kind": "ExchangeAccount", "metadata": {"name": name}, "spec": spec}
    await client.create(ACCOUNTS, namespace, body)
    return await AccountStore(client).get(namespace, name)


async def existing(store: PublishedStore[ExchangeMarket], account: ExchangeAccount) -> dict[str, ExchangeMarket]:
    listed = await store.list(*account.key)
    assert listed.unreadable == ()
    return {each.metadata.name: each for each in listed.items}


async def brought(
    store: PublishedStore[ExchangeMarket], account: ExchangeAccount, markets: Iterable[Market], at: datetime
) -> Writes[ExchangeMarket]:
    """One pass, as after a start: list, compare, write."""
    wanted = wanted_markets(account, markets, RULES, at)
    writes = compare(wanted, await existing(store, account), frozenset(), at, KEEP)
    for each in writes.create:
        await store.create(each)
    for each in writes.replace:
        await store.replace(each)
    for each in writes.remove:
        await store.remove(each)
    return writes


async def test_a_second_pass_over_what_the_server_stores_writes_nothing(client: ApiClient, namespace: str) -> None:
    account, store = await applied(client, namespace, "main"), PublishedStore(client, MARKETS, ExchangeMarket)
    fees = market(symbol="ETH/USDT", base="ETH", maker_fee=Decimal("-0.0001"), taker_fee=Decimal("0.0010"))

    assert len(await brought(store, account, [BTC, fees], NOW)) == 2
    before = client.counters.writes(MARKETS.plural)
    assert await brought(store, account, [BTC, fees], NOW + timedelta(hours=1)) == Writes()

    assert client.counters.writes(MARKETS.plural) == before
    owners = [each.metadata.owner_references[0] for each in (await existing(store, account)).values()]
    assert [(owner.uid, owner.controller) for owner in owners] == [(account.metadata.uid, True)] * 2


async def test_a_market_that_vanishes_is_marked_and_removed_after_its_time(client: ApiClient, namespace: str) -> None:
    account, store = await applied(client, namespace, "main"), PublishedStore(client, MARKETS, ExchangeMarket)
    await brought(store, account, [BTC, ETH], NOW)

    await brought(store, account, [BTC], NOW)
    marked = {each.symbol: (each.active, each.delisted_at) for each in (await existing(store, account)).values()}
    assert marked == {"BTC/USDT": (True, None), "ETH/USDT": (False, NOW)}

    assert await brought(store, account, [BTC], NOW + KEEP / 2) == Writes()
    await brought(store, account, [BTC], NOW + KEEP)
    assert [each.symbol for each in (await existing(store, account)).values()] == ["BTC/USDT"]


async def test_accounts_of_one_namespace_do_not_see_each_others_markets(client: ApiClient, namespace: str) -> None:
    store = PublishedStore(client, MARKETS, ExchangeMarket)
    main, other = await applied(client, namespace, "main"), await applied(client, namespace, "other")
    await brought(store, main, [BTC, ETH], NOW)

    await brought(store, other, [BTC], NOW)

    assert len(await existing(store, main)) == 2
    assert len(await existing(store, other)) == 1


async def test_an_object_that_has_changed_is_not_overwritten(client: ApiClient, namespace: str) -> None:
    account, store = await applied(client, namespace, "main"), PublishedStore(client, MARKETS, ExchangeMarket)
    await brought(store, account, [BTC], NOW)
    (seen,) = (await existing(store, account)).values()

    await store.replace(seen.model_copy(update={"active": False}))
    with pytest.raises(Conflict):
        await store.replace(seen.model_copy(update={"price_tick": Decimal(1)}))
    with pytest.raises(AlreadyExists):
        await store.create(seen)


async def test_an_asset_is_stored_as_it_was_made(client: ApiClient, namespace: str) -> None:
    account, store = await applied(client, namespace, "main"), PublishedStore(client, ASSETS, ExchangeAsset)
    markets = wanted_markets(account, [BTC, ETH], RULES, NOW)
    wanted = wanted_assets(account, markets.values(), NOW)
    for each in wanted.values():
        await store.create(each)

    stored = {each.metadata.name: each for each in (await store.list(*account.key)).items}

    assert compare(wanted, stored, frozenset(), NOW, KEEP) == Writes()
    assert {each.asset for each in stored.values()} == {"BTC", "ETH", "USDT"}
