"""Reading an order: from the parameters of AddOrder to the engine's command.

Prices are checked here for their decimals, because the venue says so in words of its own; everything else about an
order is the engine's to judge.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from paper_exchange.kraken import errors
from paper_exchange.kraken.endpoint import Call
from paper_exchange.kraken.names import Pair, find_pair
from paper_exchange.kraken.params import Params
from paper_exchange.kraken.render import OrderKind
from paper_exchange.model import OrderType, SelfTradePrevention, Side, TimeInForce
from paper_exchange.order_commands import PlaceOrder
from paper_exchange.units import AmountError, is_multiple, mul_down, parse_amount

EARLIEST_DEADLINE: Final = timedelta(seconds=2)
LATEST_DEADLINE: Final = timedelta(seconds=60)

_TYPES: Final = {
    OrderKind.MARKET: OrderType.MARKET,
    OrderKind.LIMIT: OrderType.LIMIT,
    OrderKind.STOP_LOSS: OrderType.STOP_LOSS,
    OrderKind.STOP_LOSS_LIMIT: OrderType.STOP_LOSS_LIMIT,
    OrderKind.TAKE_PROFIT: OrderType.TAKE_PROFIT,
    OrderKind.TAKE_PROFIT_LIMIT: OrderType.TAKE_PROFIT_LIMIT,
    OrderKind.TRAILING_STOP: OrderType.STOP_LOSS,
}
_LIMITED: Final = frozenset({OrderType.LIMIT, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT})
_PREVENTIONS: Final = {
    "cancel-newest": SelfTradePrevention.EXPIRE_TAKER,
    "cancel-oldest": SelfTradePrevention.EXPIRE_MAKER,
    "cancel-both": SelfTradePrevention.EXPIRE_BOTH,
}
_FLAGS: Final = frozenset({"post", "fciq", "viqc", "nompp"})
_BASIS_POINTS: Final = 100
_HUNDRED_MILLIONTHS: Final = 100_000_000


def read_order(call: Call) -> PlaceOrder:
    """The order that the parameters describe.

    Raises:
        KrakenError: A parameter is absent, malformed, or goes with another kind of order.
    """
    params = call.params
    pair = find_pair(call.venue.reads, params.required("pair"))
    side, kind = _side(params), _kind(params)
    flags = _flags(params, kind, side)
    first, second = _prices(params, pair, kind)
    limit, stop = (second, first) if kind in _WAITING else (first, None)
    in_quote = "viqc" in flags
    volume = _volume(params, pair, in_quote=in_quote)
    _check_size(pair, volume if not in_quote else 0, limit or stop or 0)
    order_type = OrderType.LIMIT_MAKER if "post" in flags else _TYPES[kind]
    delta, amount = _trailing(params, pair) if kind is OrderKind.TRAILING_STOP else (None, None)
    time_in_force, expire_at = _good_for(params, order_type, call.venue.now_ms())
    return PlaceOrder(
        account=call.account,
        symbol=pair.symbol.name,
        side=side,
        type=order_type,
        time_in_force=time_in_force,
        quantity=None if in_quote else volume,
        quote_quantity=volume if in_quote else None,
        price=limit,
        stop_price=stop,
        trailing_delta=delta,
        trailing_amount=amount,
        client_order_id=_client_id(params),
        prevention=_prevention(params),
        strategy_id=params.userref(),
        expire_at=expire_at,
        fee_in_quote=True,
    )


_WAITING: Final = frozenset(
    {OrderKind.STOP_LOSS, OrderKind.STOP_LOSS_LIMIT, OrderKind.TAKE_PROFIT, OrderKind.TAKE_PROFIT_LIMIT}
)


def _side(params: Params) -> Side:
    text = params.required("type")
    if text not in {"buy", "sell"}:
        raise errors.invalid_argument("type")
    return Side(text.upper())


def _kind(params: Params) -> OrderKind:
    try:
        return OrderKind(params.required("ordertype"))
    except ValueError:
        raise errors.invalid_argument("ordertype") from None


def _flags(params: Params, kind: OrderKind, side: Side) -> frozenset[str]:
    found = frozenset(flag.strip() for flag in (params.get("oflags") or "").split(",") if flag.strip())
    if found - _FLAGS or ("post" in found and kind is not OrderKind.LIMIT):
        raise errors.invalid_argument("oflags")
    if "viqc" in found and (kind is not OrderKind.MARKET or side is Side.SELL):
        raise errors.invalid_argument("viqc")
    return found


def _prices(params: Params, pair: Pair, kind: OrderKind) -> tuple[int | None, int | None]:
    """`price` and `price2`, as far as this kind of order has them."""
    if kind in {OrderKind.MARKET, OrderKind.TRAILING_STOP}:
        return None, None
    both = kind in {OrderKind.STOP_LOSS_LIMIT, OrderKind.TAKE_PROFIT_LIMIT}
    return read_price(params, "price", pair), read_price(params, "price2", pair) if both else None


def read_price(params: Params, name: str, pair: Pair) -> int:
    """A mandatory price.

    Raises:
        KrakenError: Absent or no number, zero, or with more decimals than the pair has.
    """
    text = params.required(name)
    try:
        price = parse_amount(text)
    except AmountError:
        raise errors.invalid_argument(name) from None
    if not price:
        raise errors.invalid_argument(name)
    if not is_multiple(price, 10 ** (8 - pair.price_decimals)):
        raise errors.too_many_decimals(pair.altname, pair.price_decimals)
    return price


def _volume(params: Params, pair: Pair, *, in_quote: bool) -> int:
    volume = params.amount("volume")
    if not volume:
        raise errors.invalid_argument("volume")
    return volume if in_quote else checked_volume(volume, pair)


def _check_size(pair: Pair, volume: int, price: int) -> None:
    """The symbol's largest value is the engine's rule; the venue has no text for it but the volume's."""
    if pair.symbol.max_notional and mul_down(price, volume) > pair.symbol.max_notional:
        raise errors.invalid_argument("volume")


def checked_volume(volume: int, pair: Pair) -> int:
    """A quantity of the base asset.

    Raises:
        KrakenError: EGeneral:Invalid arguments:volume with too many decimals, EOrder:Order minimum not met below it.
    """
    if not is_multiple(volume, 10 ** (8 - pair.lot_decimals)):
        raise errors.invalid_argument("volume")
    if volume < pair.symbol.min_quantity:
        raise errors.ORDER_MINIMUM
    return volume


def _good_for(params: Params, kind: OrderType, now: int) -> tuple[TimeInForce | None, int | None]:
    """`timeinforce` and `expiretm`: GTC unless told otherwise."""
    text = params.get("timeinforce") or "GTC"
    if text not in {"GTC", "IOC", "GTD"} or (text == "GTD") != (params.get("expiretm") is not None):
        raise errors.invalid_argument("timeinforce")
    if text != "GTC" and kind not in {OrderType.LIMIT, OrderType.LIMIT_MAKER}:
        raise errors.invalid_argument("timeinforce")
    if kind is OrderType.LIMIT_MAKER and text == "IOC":
        raise errors.invalid_argument("timeinforce")
    expire_at = _expiry(params, now) if text == "GTD" else None
    if kind not in _LIMITED:
        return None, expire_at
    return TimeInForce.IOC if text == "IOC" else TimeInForce.GTC, expire_at


def _expiry(params: Params, now: int) -> int:
    """`expiretm`: a time in seconds, or `+` and seconds from now."""
    text = params.required("expiretm")
    later = text.startswith("+")
    time = Params({"expiretm": text.removeprefix("+")}).time_ms("expiretm") or 0
    expire_at = now + time if later else time
    if expire_at <= now:
        raise errors.invalid_argument("expiretm")
    return expire_at


def _trailing(params: Params, pair: Pair) -> tuple[int | None, int | None]:
    """The distance of a trailing stop: `+` and a percentage, in basis points, or `+` and an amount of the quote asset.

    Raises:
        KrakenError: EGeneral:Invalid arguments:price, EOrder:Invalid price.
    """
    text = params.required("price")
    if not text.startswith("+"):
        raise errors.invalid_argument("price")
    if not text.endswith("%"):
        return None, read_price(Params({"price": text[1:]}), "price", pair)
    try:
        amount = parse_amount(text[1:-1])
    except AmountError:
        raise errors.invalid_argument("price") from None
    points, rest = divmod(amount * _BASIS_POINTS, _HUNDRED_MILLIONTHS)
    if rest or not points:
        raise errors.INVALID_PRICE
    return points, None


def _client_id(params: Params) -> str | None:
    client_id = params.client_id()
    if client_id is not None and params.get("userref") is not None:
        raise errors.invalid_argument("cl_ord_id")
    return client_id


def _prevention(params: Params) -> SelfTradePrevention:
    text = params.get("stptype") or "cancel-newest"
    if text not in _PREVENTIONS:
        raise errors.invalid_argument("stptype")
    return _PREVENTIONS[text]


def read_deadline(params: Params, now: int) -> int | None:
    """`deadline`: when the engine must not take the request any more, in milliseconds.

    Raises:
        KrakenError: EGeneral:Invalid arguments:deadline, when it is no time or not 2 to 60 seconds away.
    """
    text = params.get("deadline")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise errors.invalid_argument("deadline") from None
    if moment.tzinfo is None:
        raise errors.invalid_argument("deadline")
    ahead = moment - datetime.fromtimestamp(now / 1000, UTC)
    if ahead < timedelta(0):
        raise errors.DEADLINE_ELAPSED
    if not EARLIEST_DEADLINE <= ahead <= LATEST_DEADLINE:
        raise errors.invalid_argument("deadline")
    return now + round(ahead / timedelta(milliseconds=1))


def check_deadline(deadline: int | None, now: int) -> None:
    """Refuses what comes too late to the engine.

    Raises:
        KrakenError: EService:Deadline elapsed.
    """
    if deadline is not None and now > deadline:
        raise errors.DEADLINE_ELAPSED
