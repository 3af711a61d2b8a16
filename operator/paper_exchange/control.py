"""The control port: everything that is done to the venue and is no trading.

It listens on loopback, on a port of its own, and asks for a bearer token on every request; nothing here is reachable
through the venue port. Answers are JSON; a refusal is `{"error": "..."}` with what to write instead.
"""

import hmac
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from paper_exchange import control_models as models
from paper_exchange.binance import render, render_lists
from paper_exchange.control_accounts import AccountControl
from paper_exchange.control_base import ControlError, Json, answer, explain, number, read
from paper_exchange.control_markets import MarketControl
from paper_exchange.fault_rules import FaultRule
from paper_exchange.rows import LATEST
from paper_exchange.units import format_amount

if TYPE_CHECKING:
    from paper_exchange.server import PaperExchange

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_RULE: Final = TypeAdapter(FaultRule)

_log = logging.getLogger("paper_exchange.control")


class ControlApi:
    """Answers the control port."""

    def __init__(self, server: "PaperExchange") -> None:
        self._server = server

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/status", self._status),
                web.get("/dump", self._dump),
                web.get("/requests", self._requests),
                web.get("/faults", self._faults),
                web.post("/faults", self._add_fault),
                web.delete("/faults", self._clear_faults),
                web.delete("/faults/{id}", self._remove_fault),
                web.get("/injections", self._injections),
                web.put("/clock", self._clock),
                *MarketControl(self._server).routes(),
                *AccountControl(self._server).routes(),
                web.put("/modes", self._modes),
                web.put("/limits", self._limits),
                web.post("/streams", self._streams),
                web.post("/restart", self._restart),
                web.post("/shutdown", self._shutdown),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(sent.encode(), self._server.token.encode()):
            return answer({"error": "send the header `Authorization: Bearer TOKEN` with the venue's token"}, 401)
        try:
            return await handler(request)
        except ControlError as error:
            return answer({"error": str(error)}, error.status)
        except web.HTTPException as error:
            return answer({"error": f"{request.method} {request.path}: {error.reason}"}, error.status)

    # --- looking

    async def _status(self, _request: web.Request) -> web.Response:
        server = self._server
        return answer(
            {
                "url": server.url,
                "time_ms": server.venue.now_ms(),
                "clock": _clock(server),
                "modes": _modes(server),
                "limits": asdict(server.limiter.limits),
                "symbols": {
                    symbol.name: {
                        "status": server.venue.reads.status(symbol.name),
                        "price": format_amount(server.venue.reads.last_price(symbol.name)),
                    }
                    for symbol in server.venue.reads.symbols()
                },
                "requests": server.requests.last_sequence,
                "injections": len(server.faults.injections),
            }
        )

    async def _dump(self, _request: web.Request) -> web.Response:
        return answer({"accounts": [_account(self._server, name) for name in customers(self._server)]})

    async def _requests(self, request: web.Request) -> web.Response:
        log = self._server.requests
        entries = [asdict(entry) for entry in log.since(number(request, "since"))]
        return answer({"last_sequence": log.last_sequence, "requests": entries})

    # --- faults

    async def _faults(self, _request: web.Request) -> web.Response:
        found = self._server.faults.rules()
        return answer(
            {
                "seed": self._server.faults.seed,
                "rules": [
                    {"id": rule_id, "rule": asdict(rule), "matches": matches, "strikes": strikes}
                    for rule_id, (rule, matches, strikes) in found.items()
                ],
            }
        )

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            rule = _RULE.validate_json(await request.read())
        except ValidationError as error:
            raise ControlError(explain(error)) from None
        rule_id = self._server.faults.add(rule, request.query.get("id"))
        _log.info("fault rule %s: %s at %s", rule_id, rule.do, rule.at)
        return answer({"id": rule_id})

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self._server.faults.clear()
        return answer({})

    async def _remove_fault(self, request: web.Request) -> web.Response:
        rule_id = request.match_info["id"]
        if not self._server.faults.remove(rule_id):
            raise ControlError(f"there is no fault rule {rule_id!r}; GET /faults lists them", 404)
        return answer({})

    async def _injections(self, request: web.Request) -> web.Response:
        since = number(request, "since")
        found = (entry for entry in self._server.faults.injections if entry.sequence > since)
        return answer({"injections": [asdict(entry) for entry in found]})

    # --- time and prices

    async def _clock(self, request: web.Request) -> web.Response:
        body = await read(request, models.ClockBody)
        clock = self._server.clock
        if body.skew_ms is not None:
            clock.set_skew(body.skew_ms)
        elif body.stop_at_ms is not None:
            clock.stop_at(body.stop_at_ms)
        elif body.advance_ms is not None:
            clock.advance(body.advance_ms)
        self._server.venue.pass_time()
        return answer(_clock(self._server))

    # --- the venue as a whole

    async def _modes(self, request: web.Request) -> web.Response:
        body, server = await read(request, models.ModesBody), self._server
        if body.lookup_lag_ms is not None:
            server.modes.lookup_lag_ms = body.lookup_lag_ms
            server.venue.lookups.lag_ms = body.lookup_lag_ms
        if body.maintenance is not None:
            server.modes.maintenance = body.maintenance
        return answer(_modes(server))

    async def _limits(self, request: web.Request) -> web.Response:
        body, limiter = await read(request, models.LimitsBody), self._server.limiter
        changed = body.model_dump(exclude_none=True, exclude={"pardon"})
        limiter.limits = replace(limiter.limits, **changed)
        if body.pardon is not None:
            limiter.pardon(body.pardon)
        return answer(asdict(limiter.limits))

    async def _streams(self, request: web.Request) -> web.Response:
        body = await read(request, models.StreamsBody)
        struck = self._server.sessions.act(
            body.do, self._server.venue.now_ms(), kind=body.on, account=body.account, code=body.code
        )
        return answer({"connections": struck})

    async def _restart(self, request: web.Request) -> web.Response:
        body = await read(request, models.RestartBody)
        await self._server.restart(body.down_ms / 1000, forget=body.forget)
        return answer({})

    async def _shutdown(self, _request: web.Request) -> web.Response:
        self._server.stop_requested.set()
        return answer({})


def _clock(server: "PaperExchange") -> Json:
    return {
        "time_ms": server.clock.now_ms(),
        "skew_ms": server.clock.skew_ms,
        "stopped": server.clock.is_stopped,
    }


def _modes(server: "PaperExchange") -> Json:
    return {"lookup_lag_ms": server.modes.lookup_lag_ms, "maintenance": server.modes.maintenance}


def customers(server: "PaperExchange") -> Iterable[str]:
    """The accounts that are not the venue's own."""
    return (account.name for account in server.venue.reads.accounts() if not account.house)


def _account(server: "PaperExchange", name: str) -> Json:
    """All that an account has and did, without the lag of the look-ups."""
    reads = server.venue.reads
    found = reads.account(name)
    symbols = [symbol.name for symbol in reads.symbols()]
    everything = replace(LATEST, limit=2**63)
    return {
        "name": name,
        "uid": found.uid if found else 0,
        "can_trade": found.can_trade if found else False,
        "balances": {
            asset: {"free": format_amount(held.free), "locked": format_amount(held.locked)}
            for asset, held in reads.balances(name).items()
        },
        "orders": [
            render.queried(order) for symbol in symbols for order in reads.all_orders(name, symbol, everything, now=0)
        ],
        "lists": [render_lists.listed(each) for each in reads.order_lists(name)],
        "trades": [render.my_trade(trade) for symbol in symbols for trade in reads.trades(name, symbol, everything)],
    }
