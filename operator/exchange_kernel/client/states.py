"""What the status of objects says, as the interface's models. Pure."""

from datetime import datetime
from decimal import Decimal

from exchange_kernel.api import account_state as xas
from exchange_kernel.api import order_intent as api
from exchange_kernel.api.conditions import Condition, ConditionStatus, ConditionType, find_condition
from exchange_kernel.api.enums import OrderStateName
from exchange_kernel.api.exchange_asset import ExchangeAsset
from exchange_kernel.api.exchange_market import ExchangeMarket
from exchange_kernel.client.models import (
    AccountState,
    AssetMetadata,
    Balance,
    OrderState,
    Position,
    SymbolMetadata,
)

ZERO = Decimal(0)


def state_of(stored: api.OrderIntent) -> OrderState:
    """The OrderState of an OrderIntent; Pending before the operator has seen it."""
    status, spec, meta = stored.status, stored.spec, stored.metadata
    sent = status.normalized
    ready, synced = condition(stored, ConditionType.READY), condition(stored, ConditionType.SYNCED)
    return OrderState(
        intent_id=meta.name,
        symbol_id=spec.symbol,
        side=spec.side,
        state=status.state or OrderStateName.PENDING,
        pending_command=status.pending_command,
        client_order_id=status.client_order_id,
        exchange_order_id=status.exchange_order_id,
        previous_order_ids=status.previous_order_ids,
        quantity=sent.quantity if sent is not None else None,
        price=sent.price if sent is not None else None,
        trigger_price=sent.trigger_price if sent is not None else None,
        filled_quantity=filled_of(stored),
        remaining_quantity=status.remaining_quantity,
        average_price=status.average_price,
        cost=status.cost or ZERO,
        fees={fee.currency: fee.amount for fee in status.fees},
        settled=status.settled,
        synced=None if synced is None or synced.status is ConditionStatus.UNKNOWN else is_true(synced),
        reason=ready.reason if ready is not None else None,
        message=status.message or "",
        generation=meta.generation,
        observed_generation=status.observed_generation,
        updated_at=max((each.last_transition_time for each in status.conditions), default=None),
    )


def filled_of(stored: api.OrderIntent) -> Decimal:
    """What it has filled, in the base currency (contracts on swaps)."""
    return stored.status.filled_quantity or ZERO


def condition(stored: api.OrderIntent, kind: ConditionType) -> Condition | None:
    """One of its conditions."""
    return find_condition(stored.status.conditions, kind)


def is_true(found: Condition | None) -> bool:
    """Whether a condition is there and true."""
    return found is not None and found.status is ConditionStatus.TRUE


def is_false(found: Condition | None) -> bool:
    """Whether a condition is there and false."""
    return found is not None and found.status is ConditionStatus.FALSE


def is_final(stored: api.OrderIntent) -> bool:
    """Whether the order has ended."""
    return stored.status.state is not None and stored.status.state.is_final


def account_of(exchange_id: str, stored: xas.AccountState) -> AccountState:
    """An AccountState as the interface has it."""
    return AccountState(
        exchange_id=exchange_id,
        trading_state=stored.trading_state,
        ready=stored.ready,
        balances={
            each.asset: Balance(free=each.free, locked=each.locked, total=each.total) for each in stored.balances
        },
        equity=stored.equity,
        margin_used=stored.margin_used,
        margin_free=stored.margin_free,
        open_orders=stored.open_orders,
        unmanaged_open_orders=stored.unmanaged_orders.count,
        as_of=stored.as_of,
    )


def positions_of(stored: xas.AccountState, now: datetime) -> list[Position]:
    """What is held: on spot one position per base asset, on swaps as the venue says."""
    return [
        Position(
            symbol_id=each.symbol,
            asset=each.asset,
            side=each.side,
            quantity=each.quantity,
            entry_price=each.entry_price,
            mark_price=each.mark_price,
            unrealized_pnl=each.unrealized_pnl,
            leverage=each.leverage,
            liquidation_price=each.liquidation_price,
            source=each.source,
            as_of=stored.as_of or now,
        )
        for each in stored.positions
    ]


def symbol_of(stored: ExchangeMarket) -> SymbolMetadata:
    """An ExchangeMarket as the interface has it."""
    rows = stored.order_types
    limits = sorted({tif for row in rows for tif in row.time_in_force})
    capabilities = [name for name, held in (
        ("PostOnly", any(row.post_only for row in rows)),
        ("ReduceOnly", any(row.reduce_only for row in rows)),
        ("QuoteQuantity", stored.quote_quantity),
    ) if held]  # fmt: skip
    return SymbolMetadata(
        symbol_id=stored.symbol,
        base=stored.base,
        quote=stored.quote,
        settle=stored.settle,
        active=stored.active,
        price_tick=stored.price_tick,
        quantity_step=stored.quantity_step,
        min_quantity=stored.min_quantity,
        max_quantity=stored.max_quantity,
        min_notional=stored.min_notional,
        max_notional=stored.max_notional,
        contract_size=stored.contract_size,
        maker_fee=stored.maker_fee,
        taker_fee=stored.taker_fee,
        order_types=tuple(row.type for row in rows),
        time_in_force=tuple(limits),
        capabilities=tuple(capabilities),
        as_of=stored.as_of,
    )


def asset_of(stored: ExchangeAsset) -> AssetMetadata:
    """An ExchangeAsset as the interface has it."""
    return AssetMetadata(asset_id=stored.asset, step=stored.step, active=stored.active)
