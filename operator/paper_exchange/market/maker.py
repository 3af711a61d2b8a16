"""Seeded market makers: functions of a configuration and the number of a step.

Chance is a hash of seed, symbol and step, so a step can be computed alone, on every machine, with the same result; all
arithmetic is in integers for the same reason.
"""

from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from paper_exchange.commands import MakerConfig, MakerKind
from paper_exchange.model import Side
from paper_exchange.symbols import Symbol
from paper_exchange.units import SCALE

_DRAWS = 12
"""So many uniform draws add up to a variance of one."""
_UNIT = 2**32
_DEFAULT_NOTIONAL = 1000 * SCALE


class Quote(NamedTuple):
    """A limit order of the house."""

    side: Side
    price: int
    quantity: int


def walk(config: MakerConfig, symbol: Symbol, step: int, mid: int) -> int:
    """The price after a step: itself for a ladder, a normal step of `sigma` away for a walk, on the tick."""
    if config.kind is MakerKind.LADDER:
        return mid
    drawn = _draw(config, symbol, step, "walk")
    normal = sum(drawn) - _DRAWS * _UNIT // 2
    moved = mid + mid * config.sigma * normal // (SCALE * _UNIT)
    return _on_tick(symbol, moved)


def ladder(config: MakerConfig, symbol: Symbol, step: int, mid: int) -> Iterator[Quote]:
    """The maker's quotes around a price, best first, bids and asks alternating.

    A ladder quotes the same quantity on every level; a walk varies it by up to a half around the configured one.
    """
    tick = symbol.tick_size or 1
    spacing = max(tick, (config.spacing or mid // 10_000) // tick * tick)
    usual = config.quantity or _DEFAULT_NOTIONAL * SCALE // mid
    drawn = _draw(config, symbol, step, "size")
    for level in range(config.levels):
        for index, side in enumerate(Side):
            distance = spacing * (level + 1)
            price = mid - distance if side is Side.BUY else mid + distance
            quantity = usual
            if config.kind is MakerKind.WALK:
                quantity = usual // 2 + usual * drawn[(2 * level + index) % _DRAWS] // _UNIT
            quantity = _on_step(symbol, quantity)
            if symbol.min_price <= price <= (symbol.max_price or price) and price > 0:
                yield Quote(side, price, quantity)


def _draw(config: MakerConfig, symbol: Symbol, step: int, purpose: str) -> list[int]:
    digest = blake2b(f"{config.seed}/{symbol.name}/{step}/{purpose}".encode(), digest_size=4 * _DRAWS).digest()
    return [int.from_bytes(digest[start : start + 4]) for start in range(0, len(digest), 4)]


def _on_tick(symbol: Symbol, price: int) -> int:
    tick = symbol.tick_size or 1
    highest = symbol.max_price or price
    return max(symbol.min_price, tick, min(price, highest) // tick * tick)


def _on_step(symbol: Symbol, quantity: int) -> int:
    step = symbol.step_size or 1
    return max(symbol.min_quantity, step, quantity // step * step)
