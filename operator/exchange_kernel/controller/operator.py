"""The operator as a whole: opened, run until it is told to stop, drained."""

import asyncio
import json
import logging
from pathlib import Path

from exchange_kernel.api.account_status import JournalRef
from exchange_kernel.clocks import elapsed
from exchange_kernel.controller.context import Context, Stores, new_holder
from exchange_kernel.controller.engine import Engine
from exchange_kernel.controller.informer import Informer
from exchange_kernel.controller.metrics import exposition
from exchange_kernel.controller.probes import Probes
from exchange_kernel.exchange.connect import open_exchange
from exchange_kernel.kube.accounts import AccountStateStore, AccountStore, SecretStore
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.connection import Connection, ConnectionSettings, connect, own_namespace
from exchange_kernel.kube.crds import check_kinds
from exchange_kernel.kube.errors import TooManyRequests, Unavailable
from exchange_kernel.kube.events import EventRecorder
from exchange_kernel.kube.intents import IntentStore
from exchange_kernel.kube.journal import JournalStore
from exchange_kernel.kube.receipts import ReceiptStore
from exchange_kernel.kube.resources import ACCOUNT_STATES, ACCOUNTS, ASSETS, GROUPS, INTENTS, MARKETS, RECEIPTS
from exchange_kernel.kube.transport import HttpTransport
from exchange_kernel.settings import Settings

_log = logging.getLogger(__name__)

USER_AGENT = "exchange-kernel-operator"
START_RETRY_SECONDS = 2.0


class Operator:
    """One operator process. `run` returns when `stop` is set and everything is drained."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine: Engine | None = None
        self._informer: Informer | None = None
        self.probe_port: int | None = None

    async def run(self, stop: asyncio.Event) -> bool:
        """Work until `stop` is set. True when the shutdown left nothing open.

        Raises:
            BadConnection: No API server is configured.
            KindsMissing: The CRDs are not installed.
            OSError: The port of the probes is taken.
        """
        where = ConnectionSettings(
            kubeconfig=Path(self._settings.kubeconfig) if self._settings.kubeconfig else None,
            namespace=self._settings.namespace or None,
        )
        connection = connect(where)
        namespace = own_namespace(connection, where)
        client = ApiClient(HttpTransport(connection, USER_AGENT))
        probes = Probes(self._health, self._readiness, self._metrics)
        try:
            if self._settings.probe_port >= 0:
                self.probe_port = await probes.start(self._settings.probe_host, self._settings.probe_port)
            root = await self._open_journal(client, namespace, stop)
            return True if root is None else await self._work(connection, client, root, stop)
        finally:
            await probes.stop()
            await client.close()

    async def _open_journal(self, client: ApiClient, namespace: str, stop: asyncio.Event) -> JournalRef | None:
        """Check the kinds, find or create the journal's root; wait for an API server that is away."""
        journal = JournalStore(client, namespace)
        while not stop.is_set():
            try:
                await check_kinds(client, (INTENTS, GROUPS, ACCOUNTS, ACCOUNT_STATES, MARKETS, ASSETS, RECEIPTS))
                root = await journal.find() or await journal.create()
            except (Unavailable, TooManyRequests) as error:
                _log.warning("%s; again in %.0f s", error, START_RETRY_SECONDS)
                await _sleep_or_stop(stop, START_RETRY_SECONDS)
            else:
                return JournalRef(namespace=root.namespace, uid=root.uid)
        return None

    async def _work(self, connection: Connection, client: ApiClient, root: JournalRef, stop: asyncio.Event) -> bool:
        holder = new_holder()
        stores = Stores(
            client,
            IntentStore(client),
            ReceiptStore(client, root.namespace),
            AccountStore(client),
            AccountStateStore(client),
            SecretStore(client),
        )
        events = EventRecorder(client, instance=holder)
        engine = Engine(Context(self._settings, stores, events, root, elapsed, open_exchange, holder=holder))
        informer = Informer(engine.offer, connection.login, self._settings.watch_namespace)
        engine.sweep.on_missed = informer.suspect
        self._engine, self._informer = engine, informer
        _log.info("operator %s works on %s, journal %s in %s", holder, connection.server, root.uid, root.namespace)
        engine.start()
        informer.start()
        announcing = asyncio.create_task(self._announce(engine))
        await stop.wait()
        _log.info("stopping: no new orders; waiting for what is under way")
        announcing.cancel()
        _, clean = await asyncio.gather(informer.stop(), engine.stop())
        _log.info(
            "stopped%s", "" if clean else "; some outcomes are not recorded and will be looked up at the next start"
        )
        return clean

    async def _announce(self, engine: Engine) -> None:
        """Say that the first sweep is through, for probes and for whoever waits for the ready file."""
        await engine.swept.wait()
        _log.info("ready")
        path = self._settings.ready_path
        if path is None:
            return
        text = json.dumps({"probePort": self.probe_port, "holder": engine.context.holder})
        try:
            await asyncio.to_thread(_write_whole, path, text)
        except OSError as error:
            _log.error("the ready file cannot be written: %s", error)

    # --- probes -------------------------------------------------------------------------------------------------

    def _health(self) -> str | None:
        if self._engine is None or self._informer is None:
            return None
        if not self._engine.healthy:
            return "a loop has ended"
        return None if self._informer.alive else "the watch has ended"

    def _readiness(self) -> str | None:
        if self._engine is None:
            return "the API server has not answered yet, or the kinds are missing"
        return None if self._engine.swept.is_set() else "the objects are being read"

    def _metrics(self) -> bytes:
        if self._engine is None or self._informer is None:
            return b""
        return exposition(self._engine, self._informer)


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader never sees a part of it."""
    aside = path.with_name(path.name + ".part")
    aside.write_text(text)
    aside.replace(path)


async def _sleep_or_stop(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
