"""The control port: everything that is done to the venue and is no trading.

It listens on loopback, on a port of its own, and asks for a bearer token on every request; nothing here is reachable
through the venue port. Answers are JSON; a refusal is `{"error": "..."}` with what to write instead.
"""

import hmac
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson
from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from paper_exchange import control_models as models
from paper_exchange.binance import render
from paper_exchange.commands import (
    Command,
    CreateAccount,
    Deposit,
    PriceMoved,
    PutApiKey,
    Reply,
    RestrictAccount,
    RevokeApiKey,
    SetFees,
    SetSymbolStatus,
    StepMarket,
    SweepTo,
    Withdraw,
)
from paper_exchange.faults import FaultRule
from paper_exchange.model import LATEST
from paper_exchange.refusals import Refusal
from paper_exchange.setup import new_key
from paper_exchange.units import format_amount

if TYPE_CHECKING:
    from paper_exchange.server import PaperExchange

Json = Any
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_RULE: Final = TypeAdapter(FaultRule)
_Model = TypeVar("_Model", bound=models.Body)

_log = logging.getLogger("paper_exchange.control")


class ControlError(Exception):
    """A request that cannot be done; the message says why and what to write."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


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
                web.post("/price", self._price),
                web.post("/step", self._step),
                web.put("/symbols/{symbol}/status", self._symbol_status),
                web.post("/accounts", self._create_account),
                web.post("/accounts/{account}/keys", self._create_key),
                web.delete("/keys/{key}", self._revoke_key),
                web.post("/accounts/{account}/deposit", self._deposit),
                web.post("/accounts/{account}/withdraw", self._withdraw),
                web.post("/accounts/{account}/freeze", self._freeze),
                web.put("/accounts/{account}/trading", self._trading),
                web.put("/accounts/{account}/fees", self._fees),
                web.post("/cancel", self._cancel),
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
            return _answer({"error": "send the header `Authorization: Bearer TOKEN` with the venue's token"}, 401)
        try:
            return await handler(request)
        except ControlError as error:
            return _answer({"error": str(error)}, error.status)
        except web.HTTPException as error:
            return _answer({"error": f"{request.method} {request.path}: {error.reason}"}, error.status)

    # --- looking

    async def _status(self, _request: web.Request) -> web.Response:
        server = self._server
        return _answer(
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
        return _answer({"accounts": [_account(self._server, name) for name in customers(self._server)]})

    async def _requests(self, request: web.Request) -> web.Response:
        log = self._server.requests
        entries = [asdict(entry) for entry in log.since(_number(request, "since"))]
        return _answer({"last_sequence": log.last_sequence, "requests": entries})

    # --- faults

    async def _faults(self, _request: web.Request) -> web.Response:
        found = self._server.faults.rules()
        return _answer(
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
            raise ControlError(_explain(error)) from None
        rule_id = self._server.faults.add(rule, request.query.get("id"))
        _log.info("fault rule %s: %s at %s", rule_id, rule.do, rule.at)
        return _answer({"id": rule_id})

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self._server.faults.clear()
        return _answer({})

    async def _remove_fault(self, request: web.Request) -> web.Response:
        rule_id = request.match_info["id"]
        if not self._server.faults.remove(rule_id):
            raise ControlError(f"there is no fault rule {rule_id!r}; GET /faults lists them", 404)
        return _answer({})

    async def _injections(self, request: web.Request) -> web.Response:
        since = _number(request, "since")
        found = (entry for entry in self._server.faults.injections if entry.sequence > since)
        return _answer({"injections": [asdict(entry) for entry in found]})

    # --- time and prices

    async def _clock(self, request: web.Request) -> web.Response:
        body = await _read(request, models.ClockBody)
        clock = self._server.clock
        if body.skew_ms is not None:
            clock.set_skew(body.skew_ms)
        elif body.stop_at_ms is not None:
            clock.stop_at(body.stop_at_ms)
        elif body.advance_ms is not None:
            clock.advance(body.advance_ms)
        self._server.venue.pass_time()
        return _answer(_clock(self._server))

    async def _price(self, request: web.Request) -> web.Response:
        body = await _read(request, models.PriceBody)
        return self._moved(SweepTo(symbol=body.symbol, price=body.price, quantity=body.quantity))

    async def _step(self, request: web.Request) -> web.Response:
        body = await _read(request, models.StepBody)
        for _ in range(body.steps - 1):
            self._submit(StepMarket(symbol=body.symbol))
        return self._moved(StepMarket(symbol=body.symbol))

    def _moved(self, command: Command) -> web.Response:
        reply = self._submit(command)
        if not isinstance(reply, PriceMoved):
            raise TypeError(f"the engine answered {type(reply).__name__} to a move of the price")
        return _answer({"symbol": reply.symbol, "price": format_amount(reply.price), "step": reply.step})

    async def _symbol_status(self, request: web.Request) -> web.Response:
        body = await _read(request, models.StatusBody)
        self._submit(SetSymbolStatus(symbol=request.match_info["symbol"], status=body.status))
        return _answer({})

    # --- accounts

    async def _create_account(self, request: web.Request) -> web.Response:
        body = await _read(request, models.AccountBody)
        if self._server.venue.reads.account(body.name) is not None:
            raise ControlError(f"there is an account {body.name!r} already; choose another name", 409)
        self._submit(CreateAccount(account=body.name))
        for asset, amount in body.balances.items():
            self._submit(Deposit(account=body.name, asset=asset, amount=amount))
        return _answer({"name": body.name, "keys": [self._put_key(body.name, key) for key in body.keys]})

    async def _create_key(self, request: web.Request) -> web.Response:
        return _answer(self._put_key(request.match_info["account"], await _read(request, models.KeyBody)))

    def _put_key(self, account: str, body: models.KeyBody) -> Json:
        key, secret = body.key or new_key(), body.secret or new_key()
        self._submit(PutApiKey(key=key, account=account, secret=secret, can_trade=body.can_trade))
        return {"key": key, "secret": secret, "can_trade": body.can_trade}

    async def _revoke_key(self, request: web.Request) -> web.Response:
        self._submit(RevokeApiKey(key=request.match_info["key"]))
        return _answer({})

    async def _deposit(self, request: web.Request) -> web.Response:
        body = await _read(request, models.MoneyBody)
        self._submit(Deposit(account=request.match_info["account"], asset=body.asset, amount=body.amount))
        return _answer({})

    async def _withdraw(self, request: web.Request) -> web.Response:
        body = await _read(request, models.MoneyBody)
        self._submit(Withdraw(account=request.match_info["account"], asset=body.asset, amount=body.amount))
        return _answer({})

    async def _freeze(self, request: web.Request) -> web.Response:
        """Takes the whole free balance of an asset away; a deposit of the amount gives it back."""
        body = await _read(request, models.AssetBody)
        account = request.match_info["account"]
        held = self._server.venue.reads.balances(account).get(body.asset)
        amount = held.free if held else 0
        if amount:
            self._submit(Withdraw(account=account, asset=body.asset, amount=amount))
        return _answer({"asset": body.asset, "amount": format_amount(amount)})

    async def _trading(self, request: web.Request) -> web.Response:
        body = await _read(request, models.TradingBody)
        self._submit(RestrictAccount(account=request.match_info["account"], can_trade=body.enabled))
        return _answer({})

    async def _fees(self, request: web.Request) -> web.Response:
        body = await _read(request, models.FeesBody)
        self._submit(SetFees(account=request.match_info["account"], fees=body.fees(), symbol=body.symbol))
        return _answer({})

    async def _cancel(self, request: web.Request) -> web.Response:
        self._submit((await _read(request, models.CancelBody)).command())
        return _answer({})

    # --- the venue as a whole

    async def _modes(self, request: web.Request) -> web.Response:
        body, server = await _read(request, models.ModesBody), self._server
        if body.lookup_lag_ms is not None:
            server.modes.lookup_lag_ms = body.lookup_lag_ms
            server.venue.lookups.lag_ms = body.lookup_lag_ms
        if body.maintenance is not None:
            server.modes.maintenance = body.maintenance
        return _answer(_modes(server))

    async def _limits(self, request: web.Request) -> web.Response:
        body, limiter = await _read(request, models.LimitsBody), self._server.limiter
        changed = body.model_dump(exclude_none=True, exclude={"pardon"})
        limiter.limits = replace(limiter.limits, **changed)
        if body.pardon is not None:
            limiter.pardon(body.pardon)
        return _answer(asdict(limiter.limits))

    async def _streams(self, request: web.Request) -> web.Response:
        body = await _read(request, models.StreamsBody)
        struck = self._server.sessions.act(
            body.do, self._server.venue.now_ms(), kind=body.on, account=body.account, code=body.code
        )
        return _answer({"connections": struck})

    async def _restart(self, request: web.Request) -> web.Response:
        body = await _read(request, models.RestartBody)
        await self._server.restart(body.down_ms / 1000, forget=body.forget)
        return _answer({})

    async def _shutdown(self, _request: web.Request) -> web.Response:
        self._server.stop_requested.set()
        return _answer({})

    def _submit(self, command: Command) -> Reply:
        reply = self._server.venue.submit(command)
        if isinstance(reply, Refusal):
            raise ControlError(reply.message, 409)
        return reply


async def _read(request: web.Request, model: type[_Model]) -> _Model:
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        raise ControlError(_explain(error)) from None


def _explain(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, item['loc'])) or 'body'}: {item['msg']}" for item in error.errors())


def _number(request: web.Request, name: str) -> int:
    text = request.query.get(name, "0")
    if not text.isascii() or not text.isdigit():
        raise ControlError(f"{name} is a number, not {text!r}")
    return int(text)


def _answer(value: Json, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


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
        "trades": [render.my_trade(trade) for symbol in symbols for trade in reads.trades(name, symbol, everything)],
    }
