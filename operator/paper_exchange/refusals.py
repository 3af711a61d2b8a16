"""The venue's refusals: a code, and the exact text that clients match on.

A refusal is a value and no exception: it is one of the two regular answers to a command, and the engine's state is the
same before and after it. Codes and texts are those of Binance's public `errors.md`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """The venue says no, and nothing has changed."""

    code: int
    """Binance's error code, negative."""
    message: str
    """Binance's text, which clients match word by word."""


def filter_failure(name: str) -> Refusal:
    """A symbol's trading rule forbids the order; `name` is the filter's `filterType`."""
    return Refusal(-1013, f"Filter failure: {name}")


def missing(parameter: str) -> Refusal:
    """The order type needs this parameter."""
    return Refusal(-1102, f"Mandatory parameter '{parameter}' was not sent, was empty/null, or malformed.")


def either_missing(one: str, other: str) -> Refusal:
    """The order type needs one of two parameters."""
    return Refusal(-1102, f"Param '{one}' or '{other}' must be sent, but both were empty/null!")


def not_required(parameter: str) -> Refusal:
    """The order type has no use for this parameter; the venue refuses rather than ignores it."""
    return Refusal(-1106, f"Parameter '{parameter}' sent when not required.")


def unsupported(what: str) -> Refusal:
    """The symbol does not offer this kind of order, for example `what` = "Stop loss orders"."""
    return Refusal(-2010, f"{what} are not supported for this symbol.")


MARKET_CLOSED = Refusal(-1013, "Market is closed.")
ZERO_NOTIONAL = Refusal(-1013, "Price * QTY is zero or less.")
UNSUPPORTED_COMBINATION = Refusal(-1014, "Unsupported order combination.")
INVALID_INTERVAL = Refusal(-1120, "Invalid interval.")
INVALID_SYMBOL = Refusal(-1121, "Invalid symbol.")
DUPLICATE_ORDER = Refusal(-2010, "Duplicate order sent.")
INSUFFICIENT_BALANCE = Refusal(-2010, "Account has insufficient balance for requested action.")
WOULD_TAKE = Refusal(-2010, "Order would immediately match and take.")
WOULD_TRIGGER = Refusal(-2010, "Stop price would trigger immediately.")
ACTION_DISABLED = Refusal(-2010, "This action is disabled on this account.")
NO_QUOTE_LIQUIDITY = Refusal(-2010, "Order book liquidity is less than symbol minimum quantity.")
CANCEL_REPLACE_UNSUPPORTED = Refusal(-2010, "Order cancel-replace is not supported for this symbol.")
OCO_PRICES = Refusal(-2010, "The relationship of the prices for the orders is not correct.")
OCO_TYPE = Refusal(-1158, "Order type not supported in OCO.")
BUY_OCO_LIMIT_BELOW = Refusal(-1165, "A limit order in a buy OCO must be below.")
SELL_OCO_LIMIT_ABOVE = Refusal(-1166, "A limit order in a sell OCO must be above.")
OCO_BOTH_LIMIT = Refusal(-1168, "At least one OCO order must be contingent.")
BUY_OCO_STOP_ABOVE = Refusal(-1196, "A stop loss order in a buy OCO must be above.")
SELL_OCO_STOP_BELOW = Refusal(-1197, "A stop loss order in a sell OCO must be below.")
BUY_OCO_PROFIT_BELOW = Refusal(-1198, "A take profit order in a buy OCO must be below.")
SELL_OCO_PROFIT_ABOVE = Refusal(-1199, "A take profit order in a sell OCO must be above.")
WORKING_TYPE = Refusal(-1116, "Invalid orderType.")
"""Chosen: what the venue answers to a working order that is no LIMIT or LIMIT_MAKER is not documented."""
OPO_WORKING_BUYS = Refusal(-1222, "Working order in an OPO list must be a bid.")
OPO_PENDING_SELLS = Refusal(-1223, "Pending orders in an OPO list must be asks.")
NO_SUCH_LIST = Refusal(-2018, "Order list does not exist.")
UNKNOWN_ORDER = Refusal(-2011, "Unknown order sent.")
CANCEL_WITHOUT_ID = Refusal(-2011, "Cancel order is invalid. Check origClOrdId and orderId.")
CANCEL_RESTRICTED = Refusal(-2011, "Order was not canceled due to cancel restrictions.")
NOTHING_TO_AMEND = Refusal(-1130, "Data sent for parameter 'price' is not valid.")
NO_SUCH_ORDER = Refusal(-2013, "Order does not exist.")
REJECTED_KEY = Refusal(-2015, "Invalid API-key, IP, or permissions for action.")
ORDER_ARCHIVED = Refusal(
    -2026, "Order was canceled or expired with no executed qty over 90 days ago and has been archived."
)
AMEND_UNKNOWN_ORDER = Refusal(-2038, "Unknown order sent.")
AMEND_UNSUPPORTED = Refusal(-2038, "Order amend is not supported for this symbol.")
AMEND_PENDING_OPO = Refusal(-2038, "Order amend (pending OPO order) is not supported.")
AMEND_IN_LIST = Refusal(-2038, "Order amend (order of a list) is not supported.")
"""Of another price, for an order that others depend on: Kraken, which amends prices, has no lists."""
AMEND_INCREASE = Refusal(-2038, "Order amend (quantity increase) is not supported.")
AMEND_NO_CHANGE = Refusal(-2038, "The requested action would change no state; rejecting")
AMEND_BELOW_EXECUTED = Refusal(-2038, "Order amend (quantity not above the executed one) is not supported.")
"""Chosen: what the venue answers to a quantity that is executed already is not documented."""
AMEND_DUPLICATE = Refusal(-2038, "Duplicate order sent.")
AMEND_TOO_OFTEN = Refusal(-2038, "Filter failure: MAX_NUM_ORDER_AMENDS")
CLIENT_ORDER_ID_MISMATCH = Refusal(-2039, "Client order ID is not correct for this order ID.")
NO_SUCH_ACCOUNT = Refusal(-1002, "There is no such account at this venue; create it first.")
ACCOUNT_EXISTS = Refusal(-1130, "The account exists already with other settings.")
AMOUNT_NOT_POSITIVE = Refusal(-1130, "The amount must be larger than zero.")
NOT_ENOUGH_TO_WITHDRAW = Refusal(-1130, "The account's free balance is smaller than the amount to withdraw.")
NO_MAKER = Refusal(-1130, "The symbol has no market maker; set one first.")
"""The last five answer commands of the control port; the venue itself has no such requests."""
