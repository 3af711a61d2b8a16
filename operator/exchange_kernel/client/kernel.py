"""The interface over the API server: `KubernetesExchangeKernel`."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from exchange_kernel.client import commands, queries, reports
from exchange_kernel.client.base import ExchangeKernel
from exchange_kernel.client.cluster import Address, Clocks, Cluster
from exchange_kernel.client.errors import KernelError
from exchange_kernel.client.events import BaseEvent
from exchange_kernel.client.live import Live
from exchange_kernel.client.models import (
    AccountState,
    AssetMetadata,
    OrderIntent,
    OrderState,
    Position,
    StandardOrder,
    StandardOrderGroup,
    SymbolMetadata,
)
from exchange_kernel.client.subscriptions import Subscriptions


class KubernetesExchangeKernel(ExchangeKernel):
    """Orders of one account as Kubernetes objects, which the operator brings onto the venue.

    In a pod it logs in with the ServiceAccount, elsewhere with the kubeconfig. It belongs to the event loop and the
    thread in which it is first used. Only events and metrics need `start`.

    Args:
        exchange_id: The ExchangeAccount, as [namespace/]name; the namespace defaults to that of the orders.
        namespace: Of the OrderIntents; None for the pod's, or the kubeconfig's.
        strategy: A name that is put on what is created (label exchangekernel.dev/strategy).
        timeout: Seconds for which a command is tried and waited for. When they are over, its id comes back.
        kubeconfig: Path of a kubeconfig; None for kubectl's own rules.
        clocks: Time and chance, for tests.
    """

    def __init__(  # noqa: PLR0913 - all but the first by name, with defaults
        self,
        exchange_id: str,
        *,
        namespace: str | None = None,
        strategy: str | None = None,
        timeout: float = 10.0,
        kubeconfig: str | Path | None = None,
        clocks: Clocks | None = None,
    ) -> None:
        super().__init__(exchange_id)
        path = Path(kubeconfig) if kubeconfig is not None else None
        self._address = Address(exchange_id, namespace, strategy, path)
        self._timeout, self._clocks = timeout, clocks or Clocks()
        self._opened: Cluster | None = None
        self._live: Live | None = None
        self._changing = asyncio.Lock()  # a start or a stop: the next one waits for it
        self._subscriptions = Subscriptions()

    @property
    def _cluster(self) -> Cluster:
        if self._opened is None:
            self._opened = Cluster.open(self._address, self._timeout, self._clocks)
        return self._opened

    # --- commands ------------------------------------------------------------------------------------------------

    async def place_order(self, order: StandardOrder, metadata: dict[str, Any] | None = None) -> str:
        """Place one order; returns its intent_id, also while the outcome is unknown or the time is up.

        Raises:
            ValidationError: A rule of the kind (source Admission), of the market or the account (Operator) is broken,
                or the intent_id is another order's (IdempotencyConflict); nothing was sent.
            ExchangeError: The venue refused it (outcome Rejected), or it ended unsent (NotPlaced).
            KernelUnavailableError: The API server was silent; repeat with the intent_id that it carries.
        """
        return await commands.place(self._cluster, order, metadata)

    async def place_order_group(self, group: StandardOrderGroup, metadata: dict[str, Any] | None = None) -> list[str]:
        """Place orders that are tied together; returns `<group>-<leg>` for each, in their order.

        Raises:
            ValidationError: One of them breaks a rule, or the group_id is another group's; nothing was sent.
            ExchangeError: The venue refused it.
            KernelUnavailableError: The API server was silent; repeat with the group_id that it carries.
        """
        return await commands.place_group(self._cluster, group, metadata)

    async def cancel_order(self, intent_id: str) -> None:
        """Ask for the cancel and wait for the order's end, whichever it is; nothing happens when it has ended.

        Raises:
            NotFoundError: There is no such intent.
            ExchangeError: The API server refuses it, or is silent (KernelUnavailableError).
        """
        await commands.cancel(self._cluster, intent_id)

    async def modify_order(self, intent_id: str, new_order: StandardOrder) -> None:
        """Change total quantity, price or trigger price, and wait until the venue has the change.

        Raises:
            NotFoundError: There is no such intent.
            ValidationError: Something else differs, or the new values break a rule: the old ones are restored.
            ExchangeError: It came too late, or the venue refused it.
        """
        await commands.modify(self._cluster, intent_id, new_order)

    async def cancel_all_orders(self, symbol_id: str | None = None) -> int:
        """Cancel all orders of the namespace on the account, groups first; returns how many were confirmed Canceled.

        Raises:
            CancelIncompleteError: Some are not confirmed; it names them, and their cancels stay asked for.
        """
        return await commands.cancel_all(self._cluster, symbol_id)

    # --- queries -------------------------------------------------------------------------------------------------

    async def get_order_intent(self, intent_id: str) -> OrderIntent:
        """What was asked for. Raises NotFoundError."""
        return await queries.intent(self._cluster, intent_id)

    async def get_order_state(self, intent_id: str) -> OrderState:
        """What has become of it. Raises NotFoundError."""
        return await queries.state(self._cluster, intent_id)

    async def get_all_intents(self, symbol_id: str | None = None) -> list[OrderIntent]:
        """All intents of the namespace on the account, oldest first, or those of one symbol."""
        return await queries.intents(self._cluster, symbol_id)

    async def get_all_orders(self, symbol_id: str | None = None) -> list[OrderState]:
        """The states of the same."""
        return await queries.orders(self._cluster, symbol_id)

    async def get_positions(self, symbol_id: str | None = None) -> list[Position]:
        """What is held: on spot one position per base asset, read from its balance. Raises NotFoundError."""
        return await queries.positions(self._cluster, symbol_id)

    async def get_account_state(self) -> AccountState:
        """Balances, and whether the account can trade. Raises NotFoundError."""
        return await queries.account(self._cluster, self.exchange_id)

    async def get_symbol_metadata(self, symbol_id: str) -> SymbolMetadata:
        """The rules of a market. Raises NotFoundError, NotPublishedError."""
        return await queries.symbol(self._cluster, symbol_id)

    async def get_asset_metadata(self, asset_id: str) -> AssetMetadata:
        """One currency. Raises NotFoundError, NotPublishedError."""
        return await queries.asset(self._cluster, asset_id)

    async def list_symbols(self) -> list[str]:
        """The symbols that are published, sorted."""
        return await queries.symbols(self._cluster)

    # --- events --------------------------------------------------------------------------------------------------

    def subscribe_events(
        self, callback: Callable[[BaseEvent], None], event_filter: dict[str, Any] | None = None
    ) -> str:
        """Have a function called for each event; before `start` too, so that the snapshot is heard.

        Args:
            callback: Runs on the loop, and should be quick; what it raises is logged and counted.
            event_filter: event_type, symbol_id, intent_id, group_id (one or a set of them), include_snapshot; all have
                to hold.

        Raises:
            ValidationError: The filter has an unknown key.
            TypeError: The callback is a coroutine function.
            RuntimeError: Called on another thread than the loop's.
        """
        return self._subscriptions.add(callback, event_filter)

    def unsubscribe_events(self, subscription_id: str) -> None:
        """End a subscription; an unknown id is ignored. Raises RuntimeError on another thread than the loop's."""
        self._subscriptions.remove(subscription_id)

    # --- life ----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Check the rights, tell what there is (replayed), then watch. Does nothing when it is started.

        Nothing is told before all of it has come: a start that raises or is canceled has told nobody anything, and the
        next one tells everything once.

        Raises:
            ExchangeError: The credentials may not do what a strategy does (Forbidden), or the API server is silent.
        """
        async with self._changing:
            if self._live is None:
                live = Live(self._cluster, self._subscriptions.tell)
                await live.start()
                self._live = live

    async def stop(self) -> None:
        """End the watch and close the connections. Orders stay: call cancel_all_orders first where they should not.

        A start that is on its way is waited for; cancel it where that is too long.
        """
        async with self._changing:
            live, self._live = self._live, None
            if live is not None:
                await live.stop()
            opened, self._opened = self._opened, None
            if opened is not None:
                await opened.close()

    async def health_check(self) -> dict[str, Any]:
        """How the API server, the operator and the account are. Never raises."""
        stored, problem = None, ""
        try:
            stored = await queries.stored_account(self._cluster)
        except KernelError as error:
            problem = error.message
        live = self._live
        heard = live.heard_at if live is not None else None
        return reports.health(
            stored,
            now=self._clocks.now(),
            watch_age=None if heard is None else self._clocks.monotonic() - heard,
            api_errors=live.errors if live is not None else 0,
            callback_errors=self._subscriptions.failures,
            problem=problem,
        )

    # --- reconciliation ------------------------------------------------------------------------------------------

    async def force_reconciliation(self, intent_id: str | None = None) -> None:
        """Have the venue read now, for one intent or for all that work, and wait until that was done, or `timeout`.

        Raises:
            NotFoundError: There is no such intent.
        """
        await commands.reconcile(self._cluster, intent_id)

    def get_reconciliation_metrics(self) -> dict[str, Any]:
        """Lag, errors, retries, as last seen by the watch; as_of is None before `start`."""
        return reports.metrics(self._live.account if self._live is not None else None)
