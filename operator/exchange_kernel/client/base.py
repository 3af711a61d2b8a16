"""The abstract base of the interface. `KubernetesExchangeKernel` is to implement it over the API server."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from exchange_kernel.client.events import BaseEvent
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


class ExchangeKernel(ABC):
    """Orders of one account: intents go in, states and events come out, and both are reconciled continuously.

    Args:
        exchange_id: The ExchangeAccount, as [namespace/]name.
    """

    def __init__(self, exchange_id: str) -> None:
        self.exchange_id = exchange_id

    # --- commands -----------------------------------------------------------------------------------------------

    @abstractmethod
    async def place_order(self, order: StandardOrder, metadata: dict[str, Any] | None = None) -> str:
        """Place one order; returns its intent_id, also while the outcome is unknown.

        Raises:
            ValidationError: It violates a rule of its kind, of the market or of the account; nothing was sent.
            ExchangeError: The venue refused it.
        """

    @abstractmethod
    async def place_order_group(self, group: StandardOrderGroup, metadata: dict[str, Any] | None = None) -> list[str]:
        """Place orders that are tied together; returns their intent_ids in the order of the group.

        Raises:
            ValidationError: One of them violates a rule; nothing was sent.
            ExchangeError: The venue refused the group.
        """

    @abstractmethod
    async def cancel_order(self, intent_id: str) -> None:
        """Ask for the cancel of an order, and wait for its end; nothing happens when it has ended already.

        Raises:
            NotFoundError: There is no such intent.
            ExchangeError: The venue refused to cancel it.
        """

    @abstractmethod
    async def modify_order(
        self,
        intent_id: str,
        new_order: StandardOrder,
    ) -> None:
        """Change the total quantity, the price or the trigger price of an order.

        Raises:
            NotFoundError: There is no such intent.
            ValidationError: Something else differs, or the market does not take the new values.
            ExchangeError: The change came too late, or the venue refused it.
        """

    @abstractmethod
    async def cancel_all_orders(self, symbol_id: str | None = None) -> int:
        """Cancel all orders of the namespace on the account; returns how many were confirmed canceled.

        Raises:
            ExchangeError: `CancelIncomplete`: some are not confirmed.
        """

    # --- queries ------------------------------------------------------------------------------------------------

    @abstractmethod
    async def get_order_intent(self, intent_id: str) -> OrderIntent:
        """What was asked for. Raises NotFoundError."""

    @abstractmethod
    async def get_order_state(self, intent_id: str) -> OrderState:
        """What has become of it. Raises NotFoundError."""

    @abstractmethod
    async def get_all_intents(self, symbol_id: str | None = None) -> list[OrderIntent]:
        """All intents of the namespace on the account, or those of one symbol."""

    @abstractmethod
    async def get_all_orders(self, symbol_id: str | None = None) -> list[OrderState]:
        """The states of all orders, or of those of one symbol."""

    @abstractmethod
    async def get_positions(self, symbol_id: str | None = None) -> list[Position]:
        """What is held."""

    @abstractmethod
    async def get_account_state(self) -> AccountState:
        """Balances, margin, and whether the account can trade."""

    @abstractmethod
    async def get_symbol_metadata(self, symbol_id: str) -> SymbolMetadata:
        """The rules of a market. Raises NotFoundError, NotPublishedError."""

    @abstractmethod
    async def get_asset_metadata(self, asset_id: str) -> AssetMetadata:
        """One currency. Raises NotFoundError, NotPublishedError."""

    @abstractmethod
    async def list_symbols(self) -> list[str]:
        """The symbols that are published."""

    # --- events -------------------------------------------------------------------------------------------------

    @abstractmethod
    def subscribe_events(
        self,
        callback: Callable[[BaseEvent], None],
        event_filter: dict[str, Any] | None = None,
    ) -> str:
        """Have a function called for each event; returns the id for `unsubscribe_events`.

        Raises:
            ValidationError: The filter has an unknown key.
            TypeError: The callback is a coroutine function.
            RuntimeError: Called outside the loop's thread.
        """

    @abstractmethod
    def unsubscribe_events(self, subscription_id: str) -> None:
        """End a subscription; an unknown id is ignored."""

    # --- life ---------------------------------------------------------------------------------------------------

    @abstractmethod
    async def start(self) -> None:
        """Begin to watch; needed for events and metrics alone."""

    @abstractmethod
    async def stop(self) -> None:
        """End the watch. Orders stay: call cancel_all_orders first where they should not."""

    @abstractmethod
    async def health_check(self) -> dict[str, Any]:
        """How the API server, the operator and the account are. Never raises."""

    # --- reconciliation -----------------------------------------------------------------------------------------

    @abstractmethod
    async def force_reconciliation(self, intent_id: str | None = None) -> None:
        """Have the venue read now, for one intent or for the account, and wait until that was done."""

    @abstractmethod
    def get_reconciliation_metrics(self) -> dict[str, Any]:
        """Lag, errors, retries, as last seen by the watch."""
