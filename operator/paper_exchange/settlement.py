"""What a trade costs each side, and what has to be locked before it.

What is set aside is rounded up and what is paid is rounded down, so that a reservation always covers what is left of
its order; each trade releases exactly the difference between the reservation before and after it.
"""

from paper_exchange.model import Order, Side, Trade
from paper_exchange.rows import PublicTrade
from paper_exchange.state import FEES, State
from paper_exchange.symbols import Symbol
from paper_exchange.units import SCALE, mul_up


def reservation(order: Order) -> int:
    """What an open order has to keep locked for what remains of it."""
    return reserve(order.side, order.price or order.stop_price or order.lock_price, order.remaining, order.fee_rate)


def reserve(side: Side, price: int, quantity: int, fee_rate: int) -> int:
    """What has to be locked for a quantity at a price."""
    return quantity if side is Side.SELL else with_fee(mul_up(price, quantity), fee_rate)


def with_fee(cost: int, fee_rate: int) -> int:
    """A quote amount with the commission that comes on top of it, rounded up."""
    return cost + mul_up(cost, fee_rate)


def settle(state: State, symbol: Symbol, order: Order, public: PublicTrade, *, is_maker: bool) -> Trade:
    """Book one side of a trade: pay from what is locked, receive less the commission."""
    order.executed += public.quantity
    order.executed_quote += public.quote_quantity
    bought = order.side is Side.BUY
    if bought:
        spent, got, paid, received = symbol.quote, symbol.base, public.quote_quantity, public.quantity
        state.holding(order.account, symbol.name).buying -= public.quantity
    else:
        spent, got, paid, received = symbol.base, symbol.quote, public.quantity, public.quote_quantity
    fees = state.fees(order.account, symbol.name)
    rate = fees.maker if is_maker else fees.taker
    on_top = bool(order.fee_rate)
    commission = paid * min(rate, order.fee_rate) // SCALE if on_top else received * rate // SCALE
    charged = spent if on_top else got
    ledger = state.ledger
    ledger.spend(order.account, spent, released=_released(order), paid=paid + commission if on_top else paid)
    ledger.receive(order.account, got, received if on_top else received - commission)
    if commission:
        ledger.receive(FEES, charged, commission)
    return Trade(
        public.trade_id,
        symbol.name,
        order.order_id,
        order.order_list_id,
        public.price,
        public.quantity,
        public.quote_quantity,
        commission,
        charged,
        public.time,
        bought,
        is_maker,
    )


def _released(order: Order) -> int:
    """What the order need not keep locked any more, once its executed quantity has grown."""
    if not order.reserved:
        return 0
    left = reservation(order)
    released = order.reserved - left
    order.reserved = left
    return released
