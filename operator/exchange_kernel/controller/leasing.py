"""The Lease of one account at run time: who holds it works, the others stand by."""

import asyncio
import logging
from collections.abc import Callable

from exchange_kernel.controller.context import Context
from exchange_kernel.core.lease import LeaseSeen, Step, look_again, next_step, seen
from exchange_kernel.kube.errors import AlreadyExists, Conflict, Forbidden, KubeError, NotFound
from exchange_kernel.kube.leases import StoredLease, lease_name

_log = logging.getLogger(__name__)


class AccountLease:
    """Holds, or waits for, the Lease of one account.

    Args:
        context: The store, clocks, settings.
        key: Namespace and name of the account.
        changed: Called when `held` has changed.

    Attributes:
        held: Whether this process works on the account. Always, where leases are switched off.
    """

    def __init__(self, context: Context, key: tuple[str, str], changed: Callable[[], None]) -> None:
        self._context, self._changed = context, changed
        self._name = lease_name(*key)
        self._seconds = context.settings.lease_duration
        self._me = context.settings.lease_identity or context.holder
        self._stored: StoredLease | None = None
        self._seen: LeaseSeen | None = None
        self.held = self._seconds <= 0

    async def run(self) -> None:
        """Until canceled."""
        while self._seconds > 0:
            await self.look()
            now = self._context.monotonic()
            jitter = 1 - self._context.chance() / 10
            await asyncio.sleep(look_again(self._seen, self._me, now, self._seconds) * jitter)

    async def look(self) -> None:
        """Read the Lease, and take or renew it where that is due. Failures leave things as they are."""
        if self._seconds <= 0:
            return
        try:
            await self._look()
        except Forbidden as error:
            # Without the right to Leases every operator works, as if they were switched off: safe, and not cheap.
            _log.warning("%s; working without a lease", error)
            self._be(held=True)
        except KubeError as error:
            _log.warning("the lease %s: %s", self._name, error)

    async def _look(self) -> None:
        if self._stored is None or not self.held:
            self._note(await self._context.leases.get(self._name))
        step = next_step(self._seen, self._me, self._context.monotonic())
        try:
            await self._do(step)
        except (AlreadyExists, Conflict, NotFound):
            # Somebody was faster: theirs counts.
            self._note(await self._context.leases.get(self._name))
        self._be(held=self._stored is not None and self._stored.holder == self._me)

    async def _do(self, step: Step) -> None:
        leases, wall = self._context.leases, self._context.wall()
        if step is Step.CREATE:
            self._note(await leases.create(self._name, self._me, self._seconds, wall))
        elif step in {Step.TAKE, Step.RENEW} and self._stored is not None:
            self._note(await leases.hold(self._stored, self._me, self._seconds, wall))

    def _note(self, stored: StoredLease | None) -> None:
        self._stored = stored
        now = self._context.monotonic()
        if stored is None:
            self._seen = None
        else:
            self._seen = seen(self._seen, stored.holder, stored.version, stored.seconds, now)

    def _be(self, *, held: bool) -> None:
        if held is not self.held:
            self.held = held
            _log.info("the lease %s is %s", self._name, "held: working" if held else "another's: standing by")
            self._changed()

    async def give_back(self) -> None:
        """Let another one take over at once. Raises KubeError."""
        if self._seconds > 0 and self.held and self._stored is not None and self._stored.holder == self._me:
            await self._context.leases.hold(self._stored, "", self._seconds, self._context.wall())
