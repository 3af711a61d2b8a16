"""Publishing an account's markets and assets, beside the account's loop and slower than any order.

A pass reads what is published, once, and writes what differs, one request at a time and a bounded number per second:
orders have the rest of the API server's rate. A pass begins when the venue's rules or the account's wish have changed,
and each hour; when nothing differs it writes nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from exchange_kernel.api.exchange_account import ExchangeAccount, PublishedMarkets
from exchange_kernel.api.exchange_asset import ExchangeAsset
from exchange_kernel.api.exchange_market import ExchangeMarket
from exchange_kernel.controller.connecting import Opened
from exchange_kernel.controller.context import Context
from exchange_kernel.core import markets as core
from exchange_kernel.core.markets import Published, Writes
from exchange_kernel.core.venue_rules import Market
from exchange_kernel.kube.errors import AlreadyExists, Conflict, KubeError
from exchange_kernel.kube.markets import PublishedStore
from exchange_kernel.kube.resources import ASSETS, MARKETS

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
RETRY_SECONDS = 30.0
PASS_SECONDS = 3600.0
# 2,500 markets and their assets within a minute; orders have the rest of what the API server takes.
WRITES_PER_SECOND = 70
KEEP_DELISTED = timedelta(days=7)
# So many objects are made, or compared, without a break.
PART = 100


@dataclass(frozen=True, slots=True)
class _Done:
    """What the last whole pass was made from, and when it has to be repeated."""

    uid: str
    wish: PublishedMarkets
    markets: Mapping[str, Market]
    until: float


def _in_parts(all_of_them: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """A few at a time: thousands are made and compared, and orders do not wait for that."""
    for start in range(0, len(all_of_them), PART):
        yield all_of_them[start : start + PART]


class MarketPublisher:
    """The published markets of one account.

    Args:
        context: Stores and clocks.
        account: The account as it is now.
        opened: Its session, if there is one.
        acts: Whether this process holds the account's Lease.
    """

    def __init__(
        self,
        context: Context,
        account: Callable[[], ExchangeAccount],
        opened: Callable[[], Opened | None],
        acts: Callable[[], bool],
    ) -> None:
        self._context, self._account, self._opened, self._acts = context, account, opened, acts
        self._markets = PublishedStore(context.stores.client, MARKETS, ExchangeMarket)
        self._assets = PublishedStore(context.stores.client, ASSETS, ExchangeAsset)
        self._done: _Done | None = None
        self._next_write = 0.0

    async def run(self) -> None:
        """Until canceled. A failure is logged, and the pass repeated later."""
        while True:
            pause = LOOK_SECONDS
            try:
                await self.look()
            except KubeError as error:
                _log.warning("markets of %s/%s are not published: %s", *self._account().key, error)
                pause = RETRY_SECONDS
            except Exception:  # noqa: BLE001 - logged with its trace
                # Publishing must not end with one odd market, and never takes the account down.
                _log.exception("markets of %s/%s are not published", *self._account().key)
                pause = RETRY_SECONDS
            await asyncio.sleep(pause)

    async def look(self) -> None:
        """Make one pass if one is due. Raises KubeError."""
        account, opened = self._account(), self._opened()
        if not self._acts() or opened is None or not opened.markets or account.metadata.deleting:
            self._done = self._done if self._acts() else None  # whoever acted meanwhile may have written
            return
        meta, wish = account.metadata, account.spec.markets
        done = self._done
        if (
            done is not None
            and self._context.monotonic() < done.until
            and (done.uid, done.wish, done.markets) == (meta.uid, wish, opened.markets)
        ):
            return
        if await self._pass(account, opened):
            self._done = _Done(meta.uid, wish, opened.markets, self._context.monotonic() + PASS_SECONDS)

    async def _pass(self, account: ExchangeAccount, opened: Opened) -> bool:
        now, wish = self._context.wall(), account.spec.markets
        there, unreadable = await self._there(self._markets, account)
        assets_there, unreadable_assets = await self._there(self._assets, account)
        wanted: dict[str, ExchangeMarket] = {}
        for some in _in_parts(tuple(opened.markets.values())):
            wanted |= core.wanted_markets(account, some, opened.session.rules, now)
            await asyncio.sleep(0)
        assets = core.wanted_assets(account, wanted.values(), now)
        for name in unreadable:
            wanted.pop(name, None)
        for name in unreadable_assets:
            assets.pop(name, None)
        unpublished = frozenset(
            name for name, each in there.items() if not core.is_published(wish, each.symbol, each.quote)
        )
        traded = {asset for name, each in there.items() if name not in unpublished for asset in (each.base, each.quote)}
        untraded = frozenset(name for name, each in assets_there.items() if each.asset not in traded)
        return await self._bring(self._markets, wanted, there, unpublished) and await self._bring(
            self._assets, assets, assets_there, untraded
        )

    async def _bring(
        self,
        store: PublishedStore[Published],
        wanted: Mapping[str, Published],
        there: Mapping[str, Published],
        unpublished: frozenset[str],
    ) -> bool:
        """Write what differs, part by part; False when a new pass is due."""
        whole = True
        for names in _in_parts(sorted(wanted.keys() | there.keys())):
            writes = core.compare(
                {name: wanted[name] for name in names if name in wanted},
                {name: there[name] for name in names if name in there},
                unpublished,
                self._context.wall(),
                KEEP_DELISTED,
            )
            whole = await self._write(store, writes) and whole
            await asyncio.sleep(0)
        return whole

    async def _there(
        self, store: PublishedStore[Published], account: ExchangeAccount
    ) -> tuple[dict[str, Published], frozenset[str]]:
        """The objects that are, by name, and the names of those that cannot be read: they are left alone."""
        found = await store.list(*account.key)
        for each in found.unreadable:
            _log.warning("%s; it is left alone", each.problem)
        return {each.metadata.name: each for each in found.items}, frozenset(e.meta.name for e in found.unreadable)

    async def _write(self, store: PublishedStore[Published], writes: Writes[Published]) -> bool:
        """Write all; False when the Lease was lost on the way, or somebody else writes too: then a new pass is due."""
        whole = True
        for operation, objects in (
            (store.create, writes.create),
            (store.replace, writes.replace),
            (store.remove, writes.remove),
        ):
            for each in objects:
                if not self._acts():
                    return False
                try:
                    await operation(each)
                except (AlreadyExists, Conflict):
                    whole = False
                await self._pace()
        return whole

    async def _pace(self) -> None:
        """Keep the distance between two writes, however long they take."""
        now = self._context.monotonic()
        self._next_write = max(now, self._next_write + 1 / WRITES_PER_SECOND)
        await asyncio.sleep(max(0.0, self._next_write - now))
