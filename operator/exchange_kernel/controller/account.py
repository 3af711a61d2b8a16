"""One ExchangeAccount at run time: the loop that joins its parts.

Each turn it keeps the contact with the venue (`contact`), reads what is due for all orders at once (`polling`), and
says what became of it (`publishing`). Intents ask for `facts`, and are woken when those change.
"""

import asyncio
import logging

from exchange_kernel.api.meta import FINALIZER_CANCEL_ORDER
from exchange_kernel.controller.account_parts import AccountParts
from exchange_kernel.controller.contact import RECONNECT
from exchange_kernel.controller.releasing import release_account
from exchange_kernel.core import requested
from exchange_kernel.exchange.port import ExchangeError
from exchange_kernel.kube.errors import KubeError

_log = logging.getLogger(__name__)

# Standing by ends with a call of the lease; this is only so that nothing waits for ever.
STANDBY_SECONDS = 60.0
# What is under way when a lease is lost gets so long for its answer.
REQUEST_SECONDS = 10.0


class AccountRuntime(AccountParts):
    """The runtime of one account: its parts, and the loop that keeps them going."""

    # --- the loop -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until canceled, or until the account is gone and released."""
        await self._lease.look()
        leasing = asyncio.create_task(self._lease.run(), name=f"lease of {self.name}")
        publishing = asyncio.create_task(self._markets.run(), name=f"markets of {self.name}")
        try:
            while True:
                # Cleared before the turn, so that what comes in during it leads to another one.
                self._kick.clear()
                if await self._safe_turn():
                    return
                try:
                    await asyncio.wait_for(self._kick.wait(), self._pause())
                except TimeoutError:
                    continue
        finally:
            leasing.cancel()
            publishing.cancel()
            await self._hang_up()

    async def _safe_turn(self) -> bool:
        try:
            return await self._turn()
        except Exception:  # noqa: BLE001 - logged with its trace
            # A bug, or an answer that nobody thought of, must not leave the account without its loop.
            _log.exception("%s: the turn failed", self.name)
            self.contact.retry_later()
            return False

    async def _hang_up(self) -> None:
        await self.following.stop()
        await self.contact.close()

    async def _stand_by(self) -> None:
        """Another operator works on the account: keep no session, send nothing, say nothing."""
        opened = self.contact.opened
        if opened is not None:
            await opened.session.drain(timeout=REQUEST_SECONDS)
            await self._hang_up()

    async def _turn(self) -> bool:
        if not self.acts:
            await self._stand_by()
            return False
        if self.contact.adapt(self.account):
            self._wake_all()
        if self.contact.may_try:
            await self._ask_venue()
        if await self._labels.refresh():
            self._wake_all()
        if self.contact.watch():
            self._wake_all()
        if (await self._saying.say()).claims and not self.decide().claims:
            self._wake_all()
        return self.account.metadata.deleting and await self._release()

    async def _ask_venue(self) -> None:
        contact, asked = self.contact, self._asked
        try:
            if not contact.works:
                await self.following.stop()
                if await contact.open(self.account) and contact.opened is not None:
                    self.polling.opened()
                    self.following.start(contact.opened.session)
            elif await contact.renew(self.account):
                await self._renewed()
            elif contact.opened is not None and not self._is_another:
                if asked:
                    self.polling.everything_now()
                await self.polling.read(contact.opened)
                self.handled = asked or self.handled
                self.following.judge()
        except ExchangeError as error:
            contact.failed(error)

    async def _renewed(self) -> None:
        """The session is another one now, or none where the venue refuses the new key."""
        await self.following.stop()
        if self.contact.opened is not None:
            self.polling.opened()
            self.following.start(self.contact.opened.session)

    @property
    def _asked(self) -> str | None:
        """The value of `reconcile-requested-at` that is not handled yet."""
        asked = requested.value_of(self.account.metadata)
        done = {"", self.handled, self.account.status.last_handled_reconcile_at}
        return None if asked in done else asked

    @property
    def _is_another(self) -> bool:
        """Whether the key belongs to another account of the venue: what that one has is none of our business."""
        known, now = self.account.status.venue_account_id, self.contact.facts.venue_account_id
        return bool(known and now and known != now)

    def _pause(self) -> float:
        now, retry_at = self._context.monotonic(), self.contact.retry_at
        if not self.acts:
            return STANDBY_SECONDS
        if retry_at is not None:
            due = retry_at
        else:
            due = self.contact.look_at if self._is_another else min(self.polling.due_at, self.contact.look_at)
        due = min(due, self._labels.due_at)
        if self.polling.balances is not None:
            due = min(due, max(self._saying.due_at, now + 1.0))
        if self._saying.unsaid:
            due = min(due, now + RECONNECT.after(self._saying.unsaid))
        return max(0.05, due - now)

    async def _release(self) -> bool:
        """Let a deleted account go when no intent holds an order on it, by the API server's word: the cache may lag."""
        if any(FINALIZER_CANCEL_ORDER in memo.meta.finalizers for memo in self.memos()):
            return False
        try:
            return await release_account(self._context, self.account)
        except KubeError as error:
            _log.warning("%s cannot be released: %s", self.name, error)
            return False
