"""The queries: each is a read of the API server, without a cache."""

from exchange_kernel.api.account_state import AccountState as StoredState
from exchange_kernel.api.exchange_asset import ExchangeAsset
from exchange_kernel.api.exchange_market import ExchangeMarket
from exchange_kernel.api.order_intent import OrderIntent as StoredIntent
from exchange_kernel.client import manifests, states
from exchange_kernel.client.cluster import Cluster
from exchange_kernel.client.errors import NotFoundError, NotPublishedError
from exchange_kernel.client.models import (
    AccountState,
    AssetMetadata,
    OrderIntent,
    OrderState,
    Position,
    SymbolMetadata,
)
from exchange_kernel.kube.objects import read_object
from exchange_kernel.kube.resources import ACCOUNT_STATES, ASSETS, INTENTS, MARKETS, Json, Resource


async def intent(cluster: Cluster, intent_id: str) -> OrderIntent:
    """See `ExchangeKernel.get_order_intent`."""
    return manifests.intent_of(await cluster.get(StoredIntent, INTENTS, intent_id), cluster.clocks.now())


async def state(cluster: Cluster, intent_id: str) -> OrderState:
    """See `ExchangeKernel.get_order_state`."""
    return states.state_of(await cluster.get(StoredIntent, INTENTS, intent_id))


async def stored(cluster: Cluster, symbol_id: str | None) -> list[StoredIntent]:
    """The OrderIntents of the desk, oldest first."""
    found = [read_object(StoredIntent, obj) for obj in await cluster.own(INTENTS)]
    chosen = [each for each in found if symbol_id in {None, each.spec.symbol}]
    now = cluster.clocks.now()
    return sorted(chosen, key=lambda each: (each.metadata.creation_timestamp or now, each.metadata.name))


async def intents(cluster: Cluster, symbol_id: str | None) -> list[OrderIntent]:
    """See `ExchangeKernel.get_all_intents`."""
    now = cluster.clocks.now()
    return [manifests.intent_of(each, now) for each in await stored(cluster, symbol_id)]


async def orders(cluster: Cluster, symbol_id: str | None) -> list[OrderState]:
    """See `ExchangeKernel.get_all_orders`."""
    return [states.state_of(each) for each in await stored(cluster, symbol_id)]


async def stored_account(cluster: Cluster) -> StoredState:
    """The AccountState of the desk's account. Raises NotFoundError."""
    desk = cluster.desk
    return await cluster.get(StoredState, ACCOUNT_STATES, desk.account, desk.account_namespace)


async def account(cluster: Cluster, exchange_id: str) -> AccountState:
    """See `ExchangeKernel.get_account_state`."""
    return states.account_of(exchange_id, await stored_account(cluster))


async def positions(cluster: Cluster, symbol_id: str | None) -> list[Position]:
    """See `ExchangeKernel.get_positions`: of a symbol's base asset, where one is named."""
    found = states.positions_of(await stored_account(cluster), cluster.clocks.now())
    base = None if symbol_id is None else symbol_id.partition("/")[0]
    return [each for each in found if symbol_id is None or each.symbol_id == symbol_id or each.asset == base]


async def symbol(cluster: Cluster, symbol_id: str) -> SymbolMetadata:
    """See `ExchangeKernel.get_symbol_metadata`."""
    found = await _published(cluster, MARKETS, "symbol", symbol_id)
    if not found:
        raise await _missing(cluster, "Symbol", symbol_id)
    return states.symbol_of(read_object(ExchangeMarket, found[0]))


async def asset(cluster: Cluster, asset_id: str) -> AssetMetadata:
    """See `ExchangeKernel.get_asset_metadata`."""
    found = await _published(cluster, ASSETS, "asset", asset_id)
    if not found:
        raise await _missing(cluster, "Asset", asset_id)
    return states.asset_of(read_object(ExchangeAsset, found[0]))


async def symbols(cluster: Cluster) -> list[str]:
    """See `ExchangeKernel.list_symbols`."""
    return sorted(obj["symbol"] for obj in await _published(cluster, MARKETS))


async def _published(cluster: Cluster, resource: Resource, field: str = "", value: str = "") -> list[Json]:
    desk = cluster.desk
    selector = f"account={desk.account}" + (f",{field}={value}" if field else "")
    call = cluster.client.list(resource, desk.account_namespace, field_selector=selector)
    return await cluster.asked(call, "Account", desk.account)


async def _missing(cluster: Cluster, kind: str, name: str) -> NotFoundError:
    """Where nothing is published, nothing is known to be missing."""
    return NotFoundError(kind, name) if await _published(cluster, MARKETS) else NotPublishedError(kind, name)
