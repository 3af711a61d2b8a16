"""The contact of one account with its venue: a session that is opened, kept, lost, and opened again.

Failures are paced here: after one the venue is left alone for a growing while, whatever wakes the account meanwhile.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.controller.account_report import AccountCounters
from exchange_kernel.controller.connecting import NotOpened, Opened, open_session, problem_of
from exchange_kernel.controller.context import Context
from exchange_kernel.core.account import SessionFacts
from exchange_kernel.core.view import Backoff
from exchange_kernel.exchange.port import CredentialsRefused, ExchangeError, RateLimited
from exchange_kernel.kube.errors import Forbidden, KubeError

_log = logging.getLogger(__name__)

RECONNECT = Backoff(first=0.5, ceiling=15.0)
# Failures for less than this are no loss of contact: one lost answer is not worth a status write of every order.
CONTACT_GRACE = 10.0


class Contact:
    """The session of one account, if there is one, and what is known of it.

    Args:
        context: Stores, clocks, settings.
        name: Of the account, for the log.
        counters: Where errors are counted.
        take: Called with a newer version of the account.

    Attributes:
        opened: The session; None while there is none.
        facts: What the session has found out.
        lost: Whether contact is lost for so long that orders have to say so.
    """

    def __init__(
        self,
        context: Context,
        name: str,
        counters: AccountCounters,
        take: Callable[[ExchangeAccount], None],
    ) -> None:
        self._context, self._name, self._counters, self._take = context, name, counters, take
        self.opened: Opened | None = None
        self.facts = SessionFacts()
        self.lost = False
        self._failures = 0
        self._retry_at = 0.0
        self._failing_since: float | None = None

    @property
    def works(self) -> bool:
        """Whether there is a session that the venue accepts."""
        return self.opened is not None and bool(self.facts.authenticated)

    @property
    def failing(self) -> bool:
        """Whether the last call has failed."""
        return self._failing_since is not None

    @property
    def must_ask(self) -> bool:
        """Whether something must be asked of the venue, due or not: else a turn proves no contact."""
        return bool(self._failures)

    @property
    def retry_at(self) -> float | None:
        """Monotonic time of the next try after a failure; None when nothing has failed."""
        return self._retry_at if self._failures else None

    @property
    def may_try(self) -> bool:
        """Whether the pause after the last failure is over."""
        return self._context.monotonic() >= self._retry_at

    def try_at_once(self) -> None:
        """Somebody has changed something: the pause after a failure is over."""
        self._retry_at = 0.0

    def distrust(self) -> None:
        """The credentials are others now: the session has to be opened anew."""
        self.facts = replace(self.facts, authenticated=False)

    # --- failures -----------------------------------------------------------------------------------------------

    def note(self, error: ExchangeError) -> None:
        """A call has failed."""
        self._counters.error(type(error).__name__)
        if self._failing_since is None and not isinstance(error, CredentialsRefused):
            self._failing_since = self._context.monotonic()

    def failed(self, error: ExchangeError) -> None:
        """A call of the account's own turn has failed."""
        self.blame(error)
        self.note(error)
        self.retry_later(error.retry_after if isinstance(error, RateLimited) else None)

    def blame(self, error: ExchangeError) -> None:
        """Say of the session what the error tells."""
        self.facts = problem_of(self.facts, error)

    def retry_later(self, pause: float | None = None) -> None:
        """The venue is left alone for a while."""
        self._failures += 1
        self._retry_at = self._context.monotonic() + max(RECONNECT.after(self._failures), pause or 0.0)

    def succeeded(self) -> None:
        """The venue has answered."""
        self._failures, self._failing_since, self._retry_at = 0, None, 0.0
        if self.facts.problem is not None:
            self.facts = replace(self.facts, problem=None, connected=True, authenticated=True)

    def watch(self) -> bool:
        """Judge whether contact is lost; True when that has changed."""
        since = self._failing_since
        lost = since is not None and self._context.monotonic() - since >= CONTACT_GRACE
        changed, self.lost = lost is not self.lost, lost
        return changed

    # --- the session --------------------------------------------------------------------------------------------

    async def open(self, account: ExchangeAccount) -> bool:
        """Open a session, closing a former one; False, and `facts` say why, when that fails."""
        await self.close()
        try:
            self.opened = await open_session(self._context, account)
        except NotOpened as refused:
            self.facts = refused.facts
            self.retry_later()
            return False
        self.facts = self.opened.facts
        self.succeeded()
        await self._hold(account)
        return True

    async def close(self) -> None:
        """Close the session."""
        opened, self.opened = self.opened, None
        if opened is not None:
            await opened.session.close()

    async def _hold(self, account: ExchangeAccount) -> None:
        """Keep account and Secret as long as orders need them."""
        stores = self._context.stores
        try:
            held = await stores.accounts.add_finalizer(account.metadata)
            if held is not None:
                self._take(held)
            if self.opened is not None:
                await stores.secrets.add_finalizer(self.opened.secret.meta)
        except Forbidden:
            _log.info("%s: the operator may not protect the Secret from deletion", self._name)
        except KubeError as error:
            _log.warning("%s: cannot protect account and Secret from deletion: %s", self._name, error)
