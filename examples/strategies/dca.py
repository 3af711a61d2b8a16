"""Buy the same amount again and again, each time as a bracket: a stop and a target from the start.

    python -m strategies.dca trading-accounts/paper --stop 54000 --target 66000 --every 60 --rounds 10

Each round has a name (dca-1, dca-2, ...), and a name is one order, whatever happens: a strategy that was killed looks
for the first round that is missing, and goes on there. The operator guards what was bought, also while no strategy
runs.
"""

import argparse
import asyncio
import sys
from datetime import UTC, datetime, timedelta

from exchange_kernel.api.enums import GroupState, GroupType, OrderType, Side
from exchange_kernel.client.base import ExchangeKernel
from exchange_kernel.client.errors import ExchangeError, KernelUnavailableError, NotFoundError, ValidationError
from exchange_kernel.client.events import BaseEvent, GroupChanged, OrderFilled
from exchange_kernel.client.models import StandardOrder, StandardOrderGroup
from strategies.common import parser, run, say

RETRY_SECONDS, GUARD_SECONDS = 2.0, 30.0


def bracket(name: str, arguments: argparse.Namespace) -> StandardOrderGroup:
    """One purchase with both of its exits."""
    symbol, quantity = arguments.symbol, arguments.quantity
    entry = StandardOrder(symbol_id=symbol, side=Side.BUY, order_type=OrderType.MARKET, quantity=quantity)
    target = StandardOrder(
        symbol_id=symbol, side=Side.SELL, order_type=OrderType.LIMIT, quantity=quantity, price=arguments.target
    )
    stop = StandardOrder(
        symbol_id=symbol,
        side=Side.SELL,
        order_type=OrderType.STOP_MARKET,
        quantity=quantity,
        trigger_price=arguments.stop,
    )
    return StandardOrderGroup(orders=(entry, target, stop), mode=GroupType.BRACKET, group_id=name)


class Watch:
    """Prints what happens to the groups of a strategy, and knows which of them are guarded."""

    def __init__(self, name: str) -> None:
        self._prefix = f"{name}-"
        self._settled: dict[str, asyncio.Event] = {}

    def hear(self, event: BaseEvent) -> None:
        """A callback of the kernel."""
        if event.group_id is None or not event.group_id.startswith(self._prefix):
            return
        if isinstance(event, OrderFilled):
            say(f"  {event.intent_id}: filled {event.fill_quantity} at {event.average_price}")
        elif isinstance(event, GroupChanged):
            words = {True: "protected by its stop", False: "not protected yet", None: "nothing held"}
            say(f"  {event.group_id}: {event.state}, {words[event.protected]}")
            if event.protected or GroupState(event.state).is_final:
                self._of(event.group_id).set()

    async def guarded(self, group: str) -> bool:
        """Wait until what a group holds has its stop, or the group has ended; False after some seconds."""
        try:
            async with asyncio.timeout(GUARD_SECONDS):
                await self._of(group).wait()
        except TimeoutError:
            return False
        return True

    def _of(self, group: str) -> asyncio.Event:
        return self._settled.setdefault(group, asyncio.Event())


async def trade(kernel: ExchangeKernel, arguments: argparse.Namespace) -> None:
    """Run all rounds, one after the other; those that are there already are not bought again."""
    watch = Watch(arguments.name)
    kernel.subscribe_events(watch.hear, {"include_snapshot": False})
    await kernel.start()
    bought = 0
    for number in range(1, arguments.rounds + 1):
        name = f"{arguments.name}-{number}"
        begun = await _bought_at(kernel, name)
        if begun is not None:
            say(f"{name}: bought before, at {begun:%H:%M:%S}")
            bought += 1
        else:
            begun = datetime.now(UTC)
            if await _buy(kernel, name, arguments):
                bought += 1
                if not await watch.guarded(name):
                    say(f"{name}: no word of its stop yet; see: kubectl describe og/{name}")
        if number < arguments.rounds:
            due = begun + timedelta(seconds=arguments.every)
            await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
    say(f"{bought} of {arguments.rounds} rounds were bought; the operator guards them")


async def _bought_at(kernel: ExchangeKernel, name: str) -> datetime | None:
    try:
        return (await kernel.get_order_intent(f"{name}-entry")).created_at
    except NotFoundError:
        return None


async def _buy(kernel: ExchangeKernel, name: str, arguments: argparse.Namespace) -> bool:
    """Returns whether the order was taken, or may have been."""
    while True:
        try:
            legs = await kernel.place_order_group(bracket(name, arguments), {"strategy": "dca"})
        except KernelUnavailableError as error:
            # It may have been stored all the same: the same name is the same group.
            say(f"{name}: {error}; trying again")
            await asyncio.sleep(RETRY_SECONDS)
        except (ValidationError, ExchangeError) as error:
            say(f"{name}: not bought: {error}")
            return False
        else:
            state = await kernel.get_order_state(legs[0])
            say(f"{name}: {state.state}, {state.filled_quantity} at {state.average_price}")
            return True


def main() -> int:
    """Entry point; returns the exit code."""
    flags = parser("Buy the same amount again and again, each time with a stop and a target.", "dca")
    flags.add_argument("--stop", required=True, help="trigger price of each stop")
    flags.add_argument("--target", required=True, help="price at which each purchase is sold with a profit")
    flags.add_argument("--every", type=float, default=60.0, help="seconds between two purchases")
    flags.add_argument("--rounds", type=int, default=10, help="how many purchases")
    return run(trade, flags.parse_args())


if __name__ == "__main__":
    sys.exit(main())
