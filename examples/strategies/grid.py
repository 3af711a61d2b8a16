"""A grid: buy at each of its lines, sell what was bought one line higher, and again.

    python -m strategies.grid trading-accounts/paper --low 50000 --high 58000 --lines 5

The space between two lines is a cell. A cell has one order at a time, named after cell and turn (grid-2-0 buys,
grid-2-1 sells, grid-2-2 buys, ...). All that the strategy knows is in these orders: when it is killed, it reads them
and goes on. The grid stands below the market, so that its lines wait for the market to come down.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from exchange_kernel.api.enums import OrderStateName, OrderType, RoundingPolicy, Side
from exchange_kernel.client.base import ExchangeKernel
from exchange_kernel.client.errors import ExchangeError, KernelUnavailableError, ValidationError
from exchange_kernel.client.models import OrderState, StandardOrder
from strategies.common import parser, run, say

LOOK_SECONDS = 5.0
ENDED_OTHERWISE = frozenset({
    OrderStateName.CANCELED, OrderStateName.EXPIRED, OrderStateName.REJECTED, OrderStateName.DENIED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grid:
    """What does not change: the lines, from low to high, and what each buys."""

    name: str
    symbol: str
    quantity: Decimal
    lines: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """One order of a cell: even numbers buy, odd ones sell."""

    cell: int
    number: int

    def intent_id(self, grid: Grid) -> str:
        """The name, which makes it one order however often it is asked for."""
        return f"{grid.name}-{self.cell}-{self.number}"


def wanted(grid: Grid, orders: Iterable[OrderState]) -> list[tuple[Turn, StandardOrder]]:
    """The orders that are missing. Pure: the same orders always want the same.

    Args:
        grid: What was asked for.
        orders: All orders of the account; those of other names are left alone.
    """
    newest: dict[int, tuple[int, OrderState]] = {}
    for state in orders:
        turn = _turn_of(grid, state.intent_id)
        if turn is not None and turn.number >= newest.get(turn.cell, (0, state))[0]:
            newest[turn.cell] = (turn.number, state)
    found = []
    for cell in range(len(grid.lines) - 1):
        if cell not in newest:
            found.append((Turn(cell, 0), _buy(grid, cell)))
        elif newest[cell][1].state is OrderStateName.FILLED and newest[cell][1].settled:
            number, state = newest[cell]
            following = _buy(grid, cell) if number % 2 else _sell(grid, cell, state)
            found.append((Turn(cell, number + 1), following))
    return [(turn, order.model_copy(update={"intent_id": turn.intent_id(grid)})) for turn, order in found]


def _turn_of(grid: Grid, intent_id: str) -> Turn | None:
    cell, _, number = intent_id.removeprefix(f"{grid.name}-").partition("-")
    if not intent_id.startswith(f"{grid.name}-") or not cell.isdecimal() or not number.isdecimal():
        return None
    return Turn(int(cell), int(number))


def _buy(grid: Grid, cell: int) -> StandardOrder:
    return StandardOrder(
        symbol_id=grid.symbol,
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        quantity=grid.quantity,
        price=grid.lines[cell],
    )


def _sell(grid: Grid, cell: int, bought: OrderState) -> StandardOrder:
    """What was bought without its fee, down to the market's step."""
    fee = bought.fees.get(grid.symbol.partition("/")[0], Decimal(0))
    return StandardOrder(
        symbol_id=grid.symbol,
        side=Side.SELL,
        order_type=OrderType.LIMIT,
        quantity=bought.filled_quantity - fee,
        price=grid.lines[cell + 1],
        rounding_policy=RoundingPolicy.CONSERVATIVE,
    )


async def trade(kernel: ExchangeKernel, arguments: argparse.Namespace) -> None:
    """Keep the grid whole until told to stop: look when an order of it was settled, and every few seconds."""
    low, high = Decimal(arguments.low), Decimal(arguments.high)
    lines = tuple(low + (high - low) * number / (arguments.lines - 1) for number in range(arguments.lines))
    grid = Grid(arguments.name, arguments.symbol, Decimal(arguments.quantity), lines)
    wake = asyncio.Event()
    kernel.subscribe_events(lambda _event: wake.set(), {"event_type": "OrderSettled", "symbol_id": grid.symbol})
    await kernel.start()
    given_up: set[str] = set()
    while True:
        wake.clear()
        orders = await kernel.get_all_orders(grid.symbol)
        for state in orders:
            if state.state in ENDED_OTHERWISE and _turn_of(grid, state.intent_id) and state.intent_id not in given_up:
                given_up.add(state.intent_id)
                say(f"{state.intent_id}: {state.state}: {state.message}; this cell rests")
        for turn, order in wanted(grid, orders):
            await _place(kernel, turn.intent_id(grid), order)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await wake.wait()
        except TimeoutError:
            pass


async def _place(kernel: ExchangeKernel, name: str, order: StandardOrder) -> None:
    try:
        await kernel.place_order(order, {"strategy": "grid"})
    except KernelUnavailableError as error:
        say(f"{name}: {error}; the next look tries again")  # under the same name: it is one order
    except (ValidationError, ExchangeError) as error:
        say(f"{name}: not placed: {error}")
    else:
        say(f"{name}: {order.side} {order.quantity} at {order.price}")


def main() -> int:
    """Entry point; returns the exit code."""
    flags = parser("Buy at each line of a grid, sell what was bought one line higher, and again.", "grid")
    flags.add_argument("--low", required=True, help="price of the lowest line")
    flags.add_argument("--high", required=True, help="price of the highest line")
    flags.add_argument("--lines", type=int, default=5, help="how many lines, at least 2")
    arguments = flags.parse_args()
    if arguments.lines < 2 or Decimal(arguments.low) >= Decimal(arguments.high):
        flags.error("write at least 2 lines, and --low below --high")
    return run(trade, arguments)


if __name__ == "__main__":
    sys.exit(main())
