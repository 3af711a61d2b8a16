"""The contact of one account with its venue: a session that is opened, kept, lost, and opened again.

Failures are paced here: after one the venue is left alone for a growing while, whatever wakes the account meanwhile.

The Secret is looked at now and then, because it is never watched. Another key in it gets a session of its own, which
takes the place of the former one when the venue has accepted it, or refused it: what is no longer in the Secret is not
used. A key that the venue has refused is shown to it again only at long intervals; many venues punish the insistent.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from exchange_kernel.api.credentials import Credentials
from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.controller.account_report import AccountCounters
from exchange_kernel.controller.connecting import NotOpened, Opened, open_session, problem_of, read_secret
from exchange_kernel.controller.context import Context
from exchange_kernel.core.account import SessionFacts
from exchange_kernel.core.view import Backoff
from exchange_kernel.exchange.port import ExchangeError, RateLimited
from exchange_kernel.kube.accounts import AccountSecret
from exchange_kernel.kube.errors import Forbidden, KubeError

_log = logging.getLogger(__name__)

RECONNECT = Backoff(first=0.5, ceiling=15.0)
# Failures for less than this are no loss of contact: one lost answer is not worth a status write of every order.
CONTACT_GRACE = 10.0
# From one try of a refused key to the next.
REFUSED = Backoff(first=1.0, ceiling=60.0)


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
        self._next_look = 0.0  # at the Secret
        self._refused = RefusedKey()
        self._retiring: set[asyncio.Task[None]] = set()

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
        """Somebody has changed something: pauses are over, and the Secret is looked at."""
        self._retry_at = self._next_look = 0.0
        self._refused.try_at_once()

    def adapt(self, account: ExchangeAccount) -> bool:
        """Take up what needs no other session; True when orders that wait for the venue's limits may go on."""
        return self.opened is not None and self.opened.session.multiply_limit(account.spec.rate_limit_factor)

    # --- failures -----------------------------------------------------------------------------------------------

    def note(self, error: ExchangeError) -> None:
        """A call has failed."""
        now = self._context.monotonic()
        self._counters.error(type(error).__name__, now)
        if self._failing_since is None:
            self._failing_since = now

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
        """Open a session in place of a former one; False, and `facts` say why, when that fails."""
        self._retire()
        try:
            secret = await read_secret(self._context, account)
            if self._refused.rests(secret.credentials, self._context.monotonic()):
                self.retry_later()
                return False
            opened = await self._try(account, secret)
        except NotOpened as error:
            self.facts = _still(self.facts, error.facts)
            self.retry_later()
            return False
        await self._use(opened, account)
        return True

    async def renew(self, account: ExchangeAccount) -> bool:
        """Look whether the Secret has another key, when that is due; True when the session is another one now.

        What cannot be read, or not be used, does not end a session that works: without it nothing could be canceled.
        """
        if self.opened is None or self._context.monotonic() < self._next_look:
            return False
        self._look_later()
        try:
            secret = await read_secret(self._context, account)
            if secret.credentials == self.opened.secret.credentials:
                await self._keep(secret, account)
                return False
            opened = await self._try(account, secret)
        except NotOpened as error:
            return self._not_renewed(error)
        _log.info("%s: the Secret has another key; it is used from now on", self._name)
        self._retire()
        await self._use(opened, account)
        return True

    async def _keep(self, secret: AccountSecret, account: ExchangeAccount) -> None:
        """The key is the same; should it be in another Secret now, that one has to be kept."""
        if self.opened is not None and secret.meta.uid != self.opened.secret.meta.uid:
            self.opened = replace(self.opened, secret=secret)
            await self._hold(account)

    def _not_renewed(self, error: NotOpened) -> bool:
        if error.facts.authenticated is not False:
            _log.warning("%s: the former key stays in use: %s", self._name, error)
            return False
        self._retire()
        self.facts = error.facts
        self.retry_later()
        return True

    async def _try(self, account: ExchangeAccount, secret: AccountSecret) -> Opened:
        try:
            return await open_session(self._context, account, secret)
        except NotOpened as error:
            if error.facts.authenticated is False:
                self._refused.note(secret.credentials, self._context.monotonic())
            raise

    async def _use(self, opened: Opened, account: ExchangeAccount) -> None:
        self.opened, self.facts = opened, opened.facts
        self._refused = RefusedKey()
        self._look_later()
        self.succeeded()
        await self._hold(account)

    @property
    def look_at(self) -> float:
        """Monotonic time of the next look at the Secret."""
        return self._next_look

    def _look_later(self) -> None:
        self._next_look = self._context.monotonic() + self._context.settings.credentials_interval

    def _retire(self) -> None:
        """Use the session no more. What it has under way goes on: a request that is cut off has no outcome."""
        opened, self.opened = self.opened, None
        if opened is not None:
            task = asyncio.create_task(_end(opened, self._context.settings.drain_timeout))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    async def close(self) -> None:
        """Close everything at once."""
        for task in tuple(self._retiring):
            task.cancel()
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


def _still(before: SessionFacts, now: SessionFacts) -> SessionFacts:
    """What a try has found out; what it did not come to ask is as it was (a refused key, under a rate limit)."""
    connected = before.connected if now.connected is None else now.connected
    authenticated = before.authenticated if now.authenticated is None else now.authenticated
    return replace(now, connected=connected, authenticated=authenticated)


async def _end(opened: Opened, seconds: float) -> None:
    try:
        await opened.session.drain(seconds)
    finally:
        await opened.session.close()


class RefusedKey:
    """The key that the venue has refused last, and how long it is not shown to it again."""

    def __init__(self) -> None:
        self._key: Credentials | None = None
        self._times = 0
        self._until = 0.0

    def note(self, key: Credentials, monotonic: float) -> None:
        """The venue has refused this key."""
        self._times = self._times + 1 if key == self._key else 1
        self._key, self._until = key, monotonic + REFUSED.after(self._times)

    def rests(self, key: Credentials, monotonic: float) -> bool:
        """Whether this is the key, and it is too early to show it again."""
        return key == self._key and monotonic < self._until

    def try_at_once(self) -> None:
        """Somebody has changed something."""
        self._until = 0.0
