"""The control port from Python: what a test needs to set a scene and to know the truth afterwards.

async with ControlClient(url, token) as control:
await control.add_fault({"match": {"method": "POST"}, "at": "after_engine", "do": "drop"})
...
assert len((await control.dump())["default"].orders) == 1
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

Json = Any


class ControlRefusedError(RuntimeError):
    """The control port refused; the message is its own."""


@dataclass(frozen=True, slots=True)
class AccountTruth:
    """All that an account has and did, without the lag of look-ups.

    Attributes:
        uid: The account's number.
        balances: Free and locked by asset, as decimal strings.
        orders: Every order of every symbol, as `GET order` shows it.
        trades: Every trade, as `myTrades` shows it.
        lists: Every order list, as `GET orderList` shows it.
    """

    uid: int
    balances: Mapping[str, Mapping[str, str]]
    orders: tuple[Mapping[str, Json], ...]
    trades: tuple[Mapping[str, Json], ...]
    lists: tuple[Mapping[str, Json], ...]

    def named(self, client_order_id: str) -> tuple[Mapping[str, Json], ...]:
        """The orders with a client order id: more than one where a client repeated itself."""
        return tuple(order for order in self.orders if order["clientOrderId"] == client_order_id)


@dataclass(frozen=True, slots=True)
class Requests:
    """What the venue was asked.

    Attributes:
        last_sequence: Where the next reading can go on.
        entries: The requests, oldest first, with the fields of `request_log.LoggedRequest`.
    """

    last_sequence: int
    entries: tuple[Mapping[str, Json], ...]

    def to(self, method: str, path: str) -> tuple[Mapping[str, Json], ...]:
        """The requests with a method and a path."""
        return tuple(entry for entry in self.entries if entry["method"] == method and entry["path"] == path)


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API key that was made."""

    key: str
    secret: str
    can_trade: bool


class ControlClient:
    """A client of one control port."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(headers=self._headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    # --- looking

    async def status(self) -> Mapping[str, Json]:
        """Clock, modes, limits, symbols and counters."""
        found: dict[str, Json] = await self._ask("GET", "/status")
        return found

    async def dump(self) -> dict[str, AccountTruth]:
        """Every customer's orders, trades and balances, by account."""
        found = await self._ask("GET", "/dump")
        return {
            account["name"]: AccountTruth(
                account["uid"],
                account["balances"],
                tuple(account["orders"]),
                tuple(account["trades"]),
                tuple(account["lists"]),
            )
            for account in found["accounts"]
        }

    async def requests(self, since: int = 0) -> Requests:
        """The requests after a sequence number."""
        found = await self._ask("GET", f"/requests?since={since}")
        return Requests(found["last_sequence"], tuple(found["requests"]))

    # --- faults

    async def add_fault(self, rule: Mapping[str, Json], rule_id: str | None = None) -> str:
        """Puts a rule in force (`faults.FaultRule` as JSON) and returns its id; a used id replaces that rule."""
        found = await self._ask("POST", "/faults" if rule_id is None else f"/faults?id={rule_id}", dict(rule))
        return str(found["id"])

    async def remove_fault(self, rule_id: str) -> None:
        """Takes a rule out of force."""
        await self._ask("DELETE", f"/faults/{rule_id}")

    async def clear_faults(self) -> None:
        """Takes all rules out of force."""
        await self._ask("DELETE", "/faults")

    async def faults(self) -> tuple[Mapping[str, Json], ...]:
        """The rules in force, each with the number of its matches and strikes."""
        return tuple((await self._ask("GET", "/faults"))["rules"])

    async def injections(self, since: int = 0) -> tuple[Mapping[str, Json], ...]:
        """The faults that were injected after a sequence number, oldest first."""
        return tuple((await self._ask("GET", f"/injections?since={since}"))["injections"])

    # --- time and prices

    async def skew_clock(self, milliseconds: int) -> None:
        """Lets the venue's clock run ahead (or behind, if negative)."""
        await self._ask("PUT", "/clock", {"skew_ms": milliseconds})

    async def stop_clock(self, at_ms: int) -> None:
        """Stops the venue's clock at a time in milliseconds since 1970."""
        await self._ask("PUT", "/clock", {"stop_at_ms": at_ms})

    async def advance_clock(self, milliseconds: int) -> None:
        """Moves the venue's clock forward."""
        await self._ask("PUT", "/clock", {"advance_ms": milliseconds})

    async def move_price(self, symbol: str, price: str) -> None:
        """Trades the market to a price: orders in the way are executed."""
        await self._ask("POST", "/price", {"symbol": symbol, "price": price})

    async def step(self, symbol: str, steps: int = 1) -> None:
        """Lets the symbol's market maker take steps."""
        await self._ask("POST", "/step", {"symbol": symbol, "steps": steps})

    async def list_symbols(self, symbols: str) -> tuple[str, ...]:
        """Adds symbols with a price each, such as "SOL/USDT=150,XRP/USDT=0.5"; returns those that are new."""
        return tuple((await self._ask("POST", "/symbols", {"symbols": symbols}))["added"])

    async def set_symbol_status(self, symbol: str, status: str) -> None:
        """TRADING, HALT or BREAK."""
        await self._ask("PUT", f"/symbols/{symbol}/status", {"status": status})

    # --- accounts

    async def create_account(
        self, name: str, balances: Mapping[str, str], keys: tuple[Mapping[str, Json], ...] = ({},)
    ) -> tuple[NewKey, ...]:
        """Opens an account; returns its keys, one that may trade unless told otherwise."""
        body = {"name": name, "balances": dict(balances), "keys": [dict(key) for key in keys]}
        return tuple(NewKey(**key) for key in (await self._ask("POST", "/accounts", body))["keys"])

    async def create_key(self, account: str, *, can_trade: bool = True) -> NewKey:
        """Makes another key of an account."""
        return NewKey(**await self._ask("POST", f"/accounts/{account}/keys", {"can_trade": can_trade}))

    async def revoke_key(self, key: str) -> None:
        """Makes a key invalid."""
        await self._ask("DELETE", f"/keys/{key}")

    async def deposit(self, account: str, asset: str, amount: str) -> None:
        """Adds to the free balance."""
        await self._ask("POST", f"/accounts/{account}/deposit", {"asset": asset, "amount": amount})

    async def withdraw(self, account: str, asset: str, amount: str) -> None:
        """Takes from the free balance."""
        await self._ask("POST", f"/accounts/{account}/withdraw", {"asset": asset, "amount": amount})

    async def freeze(self, account: str, asset: str) -> str:
        """Takes the whole free balance away and returns it; `deposit` gives it back."""
        return str((await self._ask("POST", f"/accounts/{account}/freeze", {"asset": asset}))["amount"])

    async def set_trading(self, account: str, *, enabled: bool) -> None:
        """Allows or forbids an account to trade."""
        await self._ask("PUT", f"/accounts/{account}/trading", {"enabled": enabled})

    async def set_fees(self, account: str, *, maker: str, taker: str, symbol: str | None = None) -> None:
        """Commission rates, "0.001" for 0.1 %, for one symbol or for all."""
        await self._ask("PUT", f"/accounts/{account}/fees", {"maker": maker, "taker": taker, "symbol": symbol})

    async def cancel(
        self, account: str, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> None:
        """Cancels a customer's order, as the venue itself would."""
        body = {"account": account, "symbol": symbol, "order_id": order_id, "client_order_id": client_order_id}
        await self._ask("POST", "/cancel", body)

    # --- the venue as a whole

    async def set_modes(self, *, lookup_lag_ms: int | None = None, maintenance: bool | None = None) -> None:
        """Standing modes; what is not given stays."""
        await self._ask("PUT", "/modes", {"lookup_lag_ms": lookup_lag_ms, "maintenance": maintenance})

    async def set_limits(self, **limits: int) -> None:
        """Rate limits: weight_per_minute, orders_per_10s, orders_per_day, forgiven."""
        await self._ask("PUT", "/limits", limits)

    async def pardon(self, address: str) -> None:
        """Forgets the used weight and the bans of an address."""
        await self._ask("PUT", "/limits", {"pardon": address})

    async def strike_streams(
        self, action: str, *, on: str | None = None, account: str | None = None, code: int = 1001
    ) -> int:
        """Does something to open websockets now; returns to how many.

        Args:
            action: close, reset, stall, expire, server_shutdown or terminate.
            on: user or market; None for both.
            account: Only those that are subscribed to the events of this account.
            code: Close code, for close.
        """
        body = {"do": action, "on": on, "account": account, "code": code}
        return int((await self._ask("POST", "/streams", body))["connections"])

    async def restart(self, *, down_ms: int = 0, forget: bool = False) -> None:
        """An outage: returns when the venue is back on its port."""
        await self._ask("POST", "/restart", {"down_ms": down_ms, "forget": forget})

    async def shutdown(self) -> None:
        """Ends the venue's process, in order."""
        await self._ask("POST", "/shutdown", {})

    async def _ask(self, method: str, path: str, body: Json = None) -> Json:
        if self._session is None:
            raise RuntimeError("use the client as `async with ControlClient(...) as control:`")
        data = None if body is None else orjson.dumps(body)
        async with self._session.request(method, self._url + path, data=data) as response:
            answer = orjson.loads(await response.read())
        if response.status != 200:
            raise ControlRefusedError(f"{method} {path}: {answer.get('error', answer)}")
        return answer
