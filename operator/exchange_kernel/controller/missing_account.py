"""What stands for an account that does not exist."""

from exchange_kernel.api.account_status import JournalRef
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.controller.memo import IntentMemo
from exchange_kernel.core.account_facts import AccountFacts
from exchange_kernel.core.outcomes import CreateOutcome
from exchange_kernel.exchange.port import Exchange, ExchangeError


class MissingAccount:
    """Stands for an account that does not exist."""

    exchange: Exchange | None = None
    acts = True

    def __init__(self, root: JournalRef) -> None:
        self._facts = AccountFacts(exists=False, journal_uid=root.uid, contact=False)

    def facts(self, namespace: str, intent: OrderIntent | None = None) -> AccountFacts:
        """That it does not exist."""
        del namespace, intent
        return self._facts

    def reserve(self, intent: OrderIntent, client_order_id: str, *, look_up: bool) -> None:
        """Nothing is placed on it."""

    async def read_price(self, symbol: str, exchange: Exchange) -> None:
        """Nothing is asked of it."""

    def failed(self, error: ExchangeError) -> None:
        """Nothing is asked of it."""

    def sent(self, outcome: CreateOutcome) -> None:
        """Nothing is sent on it."""

    def ended_pass(self, memo: IntentMemo, changed_at: float | None) -> None:
        """Nothing is waited for."""
