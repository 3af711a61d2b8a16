"""Accounts and commissions as the venue spells them."""

from collections.abc import Iterable

from paper_exchange.binance.render import JsonObject
from paper_exchange.model import Account, Balance, Fees
from paper_exchange.units import SCALE, format_amount

_BASIS_POINT = SCALE // 10_000
_ZERO = format_amount(0)
_NO_DISCOUNT: JsonObject = {
    "enabledForAccount": False,
    "enabledForSymbol": False,
    "discountAsset": "BNB",
    "discount": _ZERO,
}


NOTHING = Balance(0, 0)
"""What an account holds of an asset it never had."""


def account(owner: Account, balances: Iterable[tuple[str, Balance]], *, may_trade: bool) -> JsonObject:
    """`GET account`. `uid` tells the venue's accounts apart, whatever key is used."""
    fees = owner.fees
    return {
        "makerCommission": fees.maker // _BASIS_POINT,
        "takerCommission": fees.taker // _BASIS_POINT,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": _rates(fees),
        "canTrade": owner.can_trade and may_trade,
        "canWithdraw": False,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": owner.update_time,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": format_amount(held.free), "locked": format_amount(held.locked)}
            for asset, held in balances
        ],
        "permissions": ["SPOT"],
        "uid": owner.uid,
    }


def commission(symbol: str, fees: Fees) -> JsonObject:
    """`GET account/commission`. Special and tax commissions do not exist here, and BNB buys no discount."""
    none = _rates(Fees(maker=0, taker=0))
    return {
        "symbol": symbol,
        "standardCommission": _rates(fees),
        "specialCommission": none,
        "taxCommission": none,
        "discount": _NO_DISCOUNT,
    }


def order_commission(fees: Fees) -> JsonObject:
    """`POST order/test` with `computeCommissionRates`."""
    none = {"maker": _ZERO, "taker": _ZERO}
    return {
        "standardCommissionForOrder": {"maker": format_amount(fees.maker), "taker": format_amount(fees.taker)},
        "specialCommissionForOrder": none,
        "taxCommissionForOrder": none,
        "discount": _NO_DISCOUNT,
    }


def _rates(fees: Fees) -> JsonObject:
    return {
        "maker": format_amount(fees.maker),
        "taker": format_amount(fees.taker),
        "buyer": _ZERO,
        "seller": _ZERO,
    }
