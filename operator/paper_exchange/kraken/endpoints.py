"""Every request that this dialect answers: who may ask it, what it costs, which function answers it.

What is not here is answered with EGeneral:Unknown method, GetWebSocketsToken among it: this dialect has no websockets,
and a token that opens nothing would be worse than none.
"""

from collections.abc import Callable, Mapping
from typing import Final

from paper_exchange.answering import Work
from paper_exchange.kraken import account, public, trading
from paper_exchange.kraken.auth import Security
from paper_exchange.kraken.endpoint import Call, Endpoint

PREFIX: Final = "/0/"
SYSTEM_STATUS: Final = "/0/public/SystemStatus"
ADD_ORDER: Final = "/0/private/AddOrder"


_Preparation = Callable[[Call], Work]


def _system_status(call: Call) -> Work:
    return lambda: public.system_status(call, maintenance=False)


def _read(prepare: _Preparation, cost: int = 1) -> Endpoint:
    return Endpoint(prepare=prepare, security=Security.READ, cost=cost)


def _trade(prepare: _Preparation, cost: int = 0) -> Endpoint:
    return Endpoint(prepare=prepare, security=Security.TRADE, cost=cost)


ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "/0/public/Time": Endpoint(prepare=public.server_time, in_maintenance=True),
    SYSTEM_STATUS: Endpoint(prepare=_system_status, in_maintenance=True),
    "/0/public/Assets": Endpoint(prepare=public.assets),
    "/0/public/AssetPairs": Endpoint(prepare=public.asset_pairs),
    "/0/public/Ticker": Endpoint(prepare=public.ticker),
    "/0/public/Depth": Endpoint(prepare=public.depth),
    "/0/public/Trades": Endpoint(prepare=public.trades),
    "/0/public/OHLC": Endpoint(prepare=public.ohlc),
    "/0/private/Balance": _read(account.balances),
    "/0/private/BalanceEx": _read(account.extended_balances),
    "/0/private/TradeVolume": _read(account.trade_volume),
    "/0/private/OpenOrders": _read(account.open_orders),
    "/0/private/ClosedOrders": _read(account.closed_orders),
    "/0/private/QueryOrders": _read(account.query_orders),
    "/0/private/TradesHistory": _read(account.trades_history, cost=2),
    "/0/private/QueryTrades": _read(account.query_trades),
    ADD_ORDER: _trade(trading.add),
    "/0/private/AmendOrder": _trade(trading.amend),
    "/0/private/CancelOrder": _trade(trading.cancel),
    "/0/private/CancelAll": _trade(trading.cancel_all, cost=1),
}
"""By path. Public ones are asked with GET, private ones with POST."""
