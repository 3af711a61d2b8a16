"""The control port's part about markets: symbols and their prices."""

from typing import TYPE_CHECKING

from aiohttp import web

from paper_exchange import control_models as models
from paper_exchange.commands import Command, SetSymbolStatus, StepMarket, SweepTo
from paper_exchange.config import ConfigError, parse_markets
from paper_exchange.control_base import ControlError, answer, read, submit
from paper_exchange.replies import PriceMoved
from paper_exchange.setup import list_market
from paper_exchange.units import AmountError, format_amount

if TYPE_CHECKING:
    from paper_exchange.server import PaperExchange


class MarketControl:
    """Answers requests about markets."""

    def __init__(self, server: "PaperExchange") -> None:
        self._server = server

    def routes(self) -> list[web.RouteDef]:
        """The routes."""
        return [
            web.post("/price", self._price),
            web.post("/step", self._step),
            web.post("/symbols", self._list),
            web.put("/symbols/{symbol}/status", self._symbol_status),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        """Adds symbols; one that is listed already is left as it is."""
        body, server = await read(request, models.SymbolsBody), self._server
        try:
            markets = parse_markets(body.symbols)
            added = [market for market in markets if server.venue.reads.symbol(market.symbol.name) is None]
            for market in added:
                list_market(server.venue, market, server.config)
        except (ConfigError, AmountError) as error:
            raise ControlError(str(error)) from None
        return answer({"added": [market.symbol.name for market in added]})

    async def _price(self, request: web.Request) -> web.Response:
        body = await read(request, models.PriceBody)
        return self._moved(SweepTo(symbol=body.symbol, price=body.price, quantity=body.quantity))

    async def _step(self, request: web.Request) -> web.Response:
        body = await read(request, models.StepBody)
        for _ in range(body.steps - 1):
            submit(self._server, StepMarket(symbol=body.symbol))
        return self._moved(StepMarket(symbol=body.symbol))

    def _moved(self, command: Command) -> web.Response:
        reply = submit(self._server, command)
        if not isinstance(reply, PriceMoved):
            raise TypeError(f"the engine answered {type(reply).__name__} to a move of the price")
        return answer({"symbol": reply.symbol, "price": format_amount(reply.price), "step": reply.step})

    async def _symbol_status(self, request: web.Request) -> web.Response:
        body = await read(request, models.StatusBody)
        submit(self._server, SetSymbolStatus(symbol=request.match_info["symbol"], status=body.status))
        return answer({})
