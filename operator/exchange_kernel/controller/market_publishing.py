"""Publishing an account's markets and assets, beside the account's loop and slower than any order.

A pass reads what is published, once, and writes what differs, one request at a time and a bounded number per second:
orders have the rest of the API server's rate. A pass begins when the venue's rules or the account's wish have changed,
and each hour; when nothing differs it writes nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from exchange_kernel.api.exchange_account import ExchangeAccount, PublishedMarkets
from exchange_kernel.api.exchange_asset import ExchangeAsset
from exchange_kernel.api.exchange_market import ExchangeMarket
from exchange_kernel.controller.connecting import Opened
from exchange_kernel.controller.context import Context
from exchange_kernel.core import markets as core
from exchange_kernel.core.markets import Published, Writes
from exchange_kernel.core.venue import Market
from exchange_kernel.kube.errors import AlreadyExists, Conflict, KubeError
from exchange_kernel.kube.markets import PublishedStore
from exchange_kernel.kube.resources import ASSETS, MARKETS

_log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
RETRY_SECONDS = 30.0
PASS_SECONDS = 3600.0
# 2,500 markets and their assets within a minute.
WRITES_PER_SECOND = 60
KEEP_DELISTED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Done:
    """What the last whole pass was made from, and when it has to be repeated."""

    uid: str
    wish: PublishedMarkets
    markets: Mapping[str, Market]
    until: float


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
        there = {each.metadata.name: each for each in (await self._markets.list(*account.key)).items}
        assets_there = {each.metadata.name: each for each in (await self._assets.list(*account.key)).items}
        wanted = core.wanted_markets(account, opened.markets.values(), opened.session.rules, now)
        assets = core.wanted_assets(account, wanted.values(), now)
        unpublished = frozenset(
            name for name, each in there.items() if not core.is_published(wish, each.symbol, each.quote)
        )
        traded = {asset for name, each in there.items() if name not in unpublished for asset in (each.base, each.quote)}
        untraded = frozenset(name for name, each in assets_there.items() if each.asset not in traded)
        return await self._write(
            self._markets, core.compare(wanted, there, unpublished, now, KEEP_DELISTED)
        ) and await self._write(self._assets, core.compare(assets, assets_there, untraded, now, KEEP_DELISTED))

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
                await asyncio.sleep(1 / WRITES_PER_SECOND)
        return whole
