"""The control port's part about accounts: their keys, money, permissions and orders."""

from typing import TYPE_CHECKING

from aiohttp import web

from paper_exchange import control_models as models
from paper_exchange.commands import (
    CreateAccount,
    Deposit,
    PutApiKey,
    RestrictAccount,
    RevokeApiKey,
    SetFees,
    Withdraw,
)
from paper_exchange.control_base import ControlError, Json, answer, read, submit
from paper_exchange.setup import new_key
from paper_exchange.units import format_amount

if TYPE_CHECKING:
    from paper_exchange.server import PaperExchange


class AccountControl:
    """Answers requests about accounts."""

    def __init__(self, server: "PaperExchange") -> None:
        self._server = server

    def routes(self) -> list[web.RouteDef]:
        """The routes."""
        return [
            web.post("/accounts", self._create_account),
            web.post("/accounts/{account}/keys", self._create_key),
            web.delete("/keys/{key}", self._revoke_key),
            web.post("/accounts/{account}/deposit", self._deposit),
            web.post("/accounts/{account}/withdraw", self._withdraw),
            web.post("/accounts/{account}/freeze", self._freeze),
            web.put("/accounts/{account}/trading", self._trading),
            web.put("/accounts/{account}/fees", self._fees),
            web.post("/cancel", self._cancel),
        ]

    async def _create_account(self, request: web.Request) -> web.Response:
        body = await read(request, models.AccountBody)
        if self._server.venue.reads.account(body.name) is not None:
            raise ControlError(f"there is an account {body.name!r} already; choose another name", 409)
        submit(self._server, CreateAccount(account=body.name))
        for asset, amount in body.balances.items():
            submit(self._server, Deposit(account=body.name, asset=asset, amount=amount))
        return answer({"name": body.name, "keys": [self._put_key(body.name, key) for key in body.keys]})

    async def _create_key(self, request: web.Request) -> web.Response:
        return answer(self._put_key(request.match_info["account"], await read(request, models.KeyBody)))

    def _put_key(self, account: str, body: models.KeyBody) -> Json:
        key, secret = body.key or new_key(), body.secret or new_key()
        submit(self._server, PutApiKey(key=key, account=account, secret=secret, can_trade=body.can_trade))
        return {"key": key, "secret": secret, "can_trade": body.can_trade}

    async def _revoke_key(self, request: web.Request) -> web.Response:
        submit(self._server, RevokeApiKey(key=request.match_info["key"]))
        return answer({})

    async def _deposit(self, request: web.Request) -> web.Response:
        body = await read(request, models.MoneyBody)
        submit(self._server, Deposit(account=request.match_info["account"], asset=body.asset, amount=body.amount))
        return answer({})

    async def _withdraw(self, request: web.Request) -> web.Response:
        body = await read(request, models.MoneyBody)
        submit(self._server, Withdraw(account=request.match_info["account"], asset=body.asset, amount=body.amount))
        return answer({})

    async def _freeze(self, request: web.Request) -> web.Response:
        """Takes the whole free balance of an asset away; a deposit of the amount gives it back."""
        body = await read(request, models.AssetBody)
        account = request.match_info["account"]
        held = self._server.venue.reads.balances(account).get(body.asset)
        amount = held.free if held else 0
        if amount:
            submit(self._server, Withdraw(account=account, asset=body.asset, amount=amount))
        return answer({"asset": body.asset, "amount": format_amount(amount)})

    async def _trading(self, request: web.Request) -> web.Response:
        body = await read(request, models.TradingBody)
        submit(self._server, RestrictAccount(account=request.match_info["account"], can_trade=body.enabled))
        return answer({})

    async def _fees(self, request: web.Request) -> web.Response:
        body = await read(request, models.FeesBody)
        submit(self._server, SetFees(account=request.match_info["account"], fees=body.fees(), symbol=body.symbol))
        return answer({})

    async def _cancel(self, request: web.Request) -> web.Response:
        submit(self._server, (await read(request, models.CancelBody)).command())
        return answer({})
