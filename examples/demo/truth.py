"""What the venue itself knows, asked on its control port: no cache, no lag, nothing that the operator could colour."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paper_exchange.control_client import ControlClient

Order = Mapping[str, Any]


@dataclass(frozen=True)
class Venue:
    """Addresses of the venue."""

    url: str
    control_url: str
    token: str = field(repr=False)

    def orders(self) -> tuple[Order, ...]:
        """Every order that any customer ever placed."""

        async def ask(control: ControlClient) -> tuple[Order, ...]:
            return tuple(order for account in (await control.dump()).values() for order in account.orders)

        return asyncio.run(self._with(ask))

    def hold_back_answers(self, milliseconds: int) -> None:
        """The next order is taken, and its answer waits."""

        async def ask(control: ControlClient) -> None:
            rule = {"match": {"method": "POST", "path": "/api/v3/order"}, "at": "after_engine", "do": "delay"}
            await control.add_fault({**rule, "delay_ms": milliseconds, "count": 1})

        asyncio.run(self._with(ask))

    def move_price(self, symbol: str, price: str) -> None:
        """Trade the market to a price."""

        async def ask(control: ControlClient) -> None:
            await control.move_price(symbol, price)

        asyncio.run(self._with(ask))

    async def _with(self, ask: Any) -> Any:  # noqa: ANN401 - whatever is asked for
        async with ControlClient(self.control_url, self.token) as control:
            return await ask(control)
