"""A whole operator process in virtual time: the real engine, stores and client, an API server and a venue in memory."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from exchange_kernel.api.account_status import JournalRef
from exchange_kernel.api.meta import API_VERSION
from exchange_kernel.controller.account import AccountRuntime
from exchange_kernel.controller.context import Context, Stores
from exchange_kernel.controller.engine import Engine
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.core.outcomes import CancelOutcome, CreateOutcome
from exchange_kernel.core.requests import OrderRequest
from exchange_kernel.core.venue import OpenOrders, VenueOrder
from exchange_kernel.exchange.account import Credentials, Venue
from exchange_kernel.exchange.budget import WeightBudget
from exchange_kernel.exchange.memory import MemoryExchange
from exchange_kernel.exchange.port import SendGate
from exchange_kernel.exchange.profiles.parts import Weights
from exchange_kernel.exchange.session import AccountSession
from exchange_kernel.kube.accounts import AccountStateStore, AccountStore, SecretStore
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.events import EventRecorder
from exchange_kernel.kube.intents import IntentStore
from exchange_kernel.kube.receipts import ReceiptStore
from exchange_kernel.kube.resources import ACCOUNTS, GROUPS, INTENTS
from exchange_kernel.kube.retry import Patience
from exchange_kernel.settings import Settings
from support.memory_api import MemoryApi, Obj

BEGINNING = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
DESK = "desk"
JOURNAL = "exchange-kernel"
SECRET_TYPE = "exchangekernel.dev/credentials"
KEY, PASSPHRASE = "key-that-nobody-may-see", "secret-that-nobody-may-see"
# No request of a test takes longer than this, in virtual seconds.
BOUND = 300.0


class PacedExchange(MemoryExchange):
    """The venue, with calls that take time: before their effect (`slow`) or after it (`late`), in seconds."""

    def __init__(self, **how: Any) -> None:  # noqa: ANN401 - as MemoryExchange
        super().__init__(**how)
        self.slow: dict[str, float] = {}
        self.late: dict[str, float] = {}

    async def create_order(self, request: OrderRequest, gate: SendGate) -> CreateOutcome:
        """As the port."""
        await asyncio.sleep(self.slow.get("create_order", 0.0))
        outcome = await super().create_order(request, gate)
        await asyncio.sleep(self.late.get("create_order", 0.0))
        return outcome

    async def cancel_order(self, symbol: str, exchange_order_id: str | None, client_order_id: str) -> CancelOutcome:
        """As the port."""
        await asyncio.sleep(self.slow.get("cancel_order", 0.0))
        return await super().cancel_order(symbol, exchange_order_id, client_order_id)

    async def fetch_open_orders(self) -> OpenOrders:
        """As the port."""
        await asyncio.sleep(self.slow.get("fetch_open_orders", 0.0))
        snapshot = await super().fetch_open_orders()
        await asyncio.sleep(self.late.get("fetch_open_orders", 0.0))
        return snapshot


@dataclass(repr=False)
class World:
    """One API server, one venue, and as many operator processes as are started."""

    api: MemoryApi = field(default_factory=MemoryApi)
    settings: Settings = field(
        default_factory=lambda: Settings(allowed_endpoints="http://127.0.0.1:9", lease_duration=0)
    )
    root: JournalRef = field(default_factory=lambda: JournalRef(namespace=JOURNAL, uid="journal-1"))
    jump: float = 0.0
    weights: Weights = field(default_factory=lambda: Weights(6000))

    def __post_init__(self) -> None:
        self.budget = WeightBudget(self.weights.per_minute, window=self.weights.window)
        self.venue = PacedExchange(monotonic=self.monotonic, now=self.wall)
        self.opened: list[tuple[Venue, Credentials]] = []
        self.open_error: Exception | None = None
        self.engine = self.process("me")

    # --- clocks -------------------------------------------------------------------------------------------------

    @staticmethod
    def monotonic() -> float:
        """Virtual seconds."""
        return asyncio.get_running_loop().time()

    def wall(self) -> datetime:
        """Virtual time of day; `jump` moves it alone."""
        return BEGINNING + timedelta(seconds=self.monotonic() - 1000.0 + self.jump)

    # --- processes ----------------------------------------------------------------------------------------------

    def process(self, holder: str, settings: Settings | None = None) -> Engine:
        """An operator process, not started yet."""
        client = ApiClient(self.api, patience=Patience(total_seconds=0.0), monotonic=self.monotonic, jitter=lambda: 0.5)
        stores = Stores(
            client,
            IntentStore(client),
            ReceiptStore(client, JOURNAL),
            AccountStore(client),
            AccountStateStore(client),
            SecretStore(client),
        )
        events = EventRecorder(client, instance=holder, now=self.wall, monotonic=self.monotonic)
        context = Context(
            settings or self.settings,
            stores,
            events,
            self.root,
            self.monotonic,
            wall=self.wall,
            holder=holder,
            open_exchange=self._open,
            chance=lambda: 0.5,
        )
        return Engine(context)

    def _open(self, venue: Venue, credentials: Credentials) -> AccountSession:
        self.opened.append((venue, credentials))
        if self.open_error is not None:
            raise self.open_error
        session = AccountSession(self.venue, self.weights, self.budget, self.monotonic)
        session.multiply_limit(venue.limit_factor)
        return session

    def watch(self, engine: Engine | None = None) -> None:
        """Let a process see what changes, as the informer does."""
        kinds = {INTENTS.plural: INTENTS, GROUPS.plural: GROUPS, ACCOUNTS.plural: ACCOUNTS}
        offer = (engine or self.engine).offer
        loop = asyncio.get_running_loop()

        def seen(plural: str, kind: str | None, obj: Obj) -> None:
            if plural in kinds:
                loop.call_soon(offer, kinds[plural], kind, obj)

        self.api.watchers.append(seen)

    def start(self, engine: Engine | None = None) -> None:
        """Start a process."""
        self.watch(engine)
        (engine or self.engine).start()

    async def ready(self) -> None:
        """Start, with an account that trades."""
        self.add_secret()
        self.add_account()
        self.start()
        await self.until(lambda: self.condition("exchangeaccounts", "main", "Ready") == "True")

    async def crash(self) -> None:
        """End the process as kill -9 does: nothing more is written."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        self.api.watchers.clear()
        for task in tasks:
            task.cancel()
        away, self.api.away = self.api.away, True
        await asyncio.gather(*tasks, return_exceptions=True)
        self.api.away = away
        self.venue.closed = False

    async def restart(self, holder: str = "me-again") -> None:
        """Another process takes over after a crash."""
        await self.crash()
        self.engine = self.process(holder)
        self.start()

    # --- objects ------------------------------------------------------------------------------------------------

    def add_secret(self, name: str = "keys", **data: str) -> None:
        """The account's API key."""
        values = {"apiKey": KEY, "secret": PASSPHRASE} | data
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in values.items() if value}
        self.api.put("secrets", {"metadata": {"namespace": DESK, "name": name}, "type": SECRET_TYPE, "data": encoded})

    def add_account(self, name: str = "main", **spec: Any) -> Obj:  # noqa: ANN401 - fields of the spec
        """An ExchangeAccount."""
        wish = {"exchange": "memory", "credentialsSecretRef": {"name": "keys"}, **spec}
        return self.api.put(
            "exchangeaccounts",
            {"apiVersion": API_VERSION, "metadata": {"namespace": DESK, "name": name}, "spec": wish},
        )

    def apply(self, name: str = "dip", *, annotations: dict[str, str] | None = None, **spec: Any) -> Obj:  # noqa: ANN401
        """An OrderIntent: buy 0.5 BTC at 40000, which rests (the venue's price is 50000)."""
        wish = {
            "accountRef": {"name": "main"},
            "symbol": "BTC/USDT",
            "side": "Buy",
            "type": "Limit",
            "quantity": "0.5",
            "price": "40000",
            **spec,
        }
        meta: Obj = {"namespace": DESK, "name": name, "creationTimestamp": self.wall().isoformat()}
        if annotations:
            meta["annotations"] = annotations
        wish = {key: value for key, value in wish.items() if value is not None}
        return self.api.put("orderintents", {"apiVersion": API_VERSION, "metadata": meta, "spec": wish})

    def spec(self, name: str = "dip", **changes: Any) -> None:  # noqa: ANN401 - fields of the spec
        """Edit an intent's spec."""
        self.api.edit("orderintents", DESK, name, lambda obj: obj["spec"].update(changes))

    def account_spec(self, **changes: Any) -> None:  # noqa: ANN401 - fields of the spec
        """Edit the account's spec."""
        self.api.edit("exchangeaccounts", DESK, "main", lambda obj: obj["spec"].update(changes))

    def delete(self, name: str = "dip") -> None:
        """Delete an intent."""
        self.api.remove("orderintents", DESK, name)

    # --- what is there ------------------------------------------------------------------------------------------

    def status(self, name: str = "dip") -> Obj:
        """An intent's status."""
        status: Obj = self.api.get("orderintents", DESK, name).get("status", {})
        return status

    def state(self, name: str = "dip") -> str | None:
        """An intent's state; None when there is none yet, or the object is gone."""
        obj = self.api.objects.get(("orderintents", DESK, name))
        return None if obj is None else obj.get("status", {}).get("state")

    def condition(self, plural: str, name: str, kind: str, part: str = "status") -> str | None:
        """One condition of an object."""
        found = self.api.get(plural, DESK, name).get("status", {}).get("conditions", ())
        return next((each.get(part) for each in found if each["type"] == kind), None)

    def exists(self, plural: str, name: str) -> bool:
        """Whether the API server has it."""
        return (plural, DESK, name) in self.api.objects

    @property
    def receipt(self) -> Obj:
        """The only receipt."""
        (receipt,) = self.api.all("orderreceipts")
        return receipt

    @property
    def outcomes(self) -> list[str]:
        """The outcomes of the only receipt's placements."""
        return [placement["outcome"] for placement in self.receipt["placements"]]

    @property
    def orders(self) -> tuple[VenueOrder, ...]:
        """All orders that ever reached the venue."""
        return self.venue.orders

    @property
    def account(self) -> AccountRuntime:
        """The runtime of the account."""
        return self.engine.accounts[DESK, "main"]

    def memo(self, name: str = "dip") -> IntentMemo:
        """What the process remembers of an intent."""
        return next(memo for memo in self.engine.memos.values() if memo.meta.name == name)

    def events(self) -> list[tuple[str, str]]:
        """The Kubernetes Events: (object, reason)."""
        return [(event["involvedObject"]["name"], event["reason"]) for event in self.api.all("events")]

    # --- waiting ------------------------------------------------------------------------------------------------

    async def until(self, holds: Callable[[], bool], seconds: float = BOUND) -> None:
        """Wait until something holds."""
        end = self.monotonic() + seconds
        while not holds():
            if self.monotonic() > end:
                raise AssertionError(f"it does not come true within {seconds:g} s")
            await asyncio.sleep(0.01)

    async def until_state(self, wanted: str, name: str = "dip", seconds: float = BOUND) -> None:
        """Wait for an intent's state."""
        try:
            await self.until(lambda: self.state(name) == wanted, seconds)
        except AssertionError:
            raise AssertionError(f"{name} is {self.state(name)}, not {wanted}: {self.status(name)}") from None

    @staticmethod
    async def pass_time(seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)
