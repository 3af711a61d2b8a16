"""The kopf side: handlers without branches that put what they see into the engine's queue.

kopf is the informer, not the loop. `on.event` handlers cost no writes, keep no state in the objects, and need no
finalizer of kopf's; everything that has an opinion happens elsewhere.

They are coroutines although they wait for nothing: kopf runs plain functions in a pool of threads, which costs each
event two changes of threads. And kopf compares each object with what it last handled, which is of no use to an informer
and costs a deep copy of the object: `NothingHandled` keeps it from that.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import kopf

from exchange_kernel.api.meta import GROUP, VERSION
from exchange_kernel.kube.connection import LoginValues
from exchange_kernel.kube.resources import ACCOUNTS, GROUPS, INTENTS, Json, Resource

Offer = Callable[[Resource, str | None, Json], None]


class EndlessBackoff:
    """1, 2, 4, … 30, 30, … seconds, as often as it is asked. kopf gives up, and exits, when the sequence ends."""

    def __iter__(self) -> Iterator[float]:
        return itertools.chain((1.0, 2.0, 4.0, 8.0, 15.0), itertools.repeat(30.0))


class NothingHandled(kopf.DiffBaseStorage):
    """Says of every object that nothing of it was handled: there is no difference to look for."""

    def build(self, *, body: kopf.Body, extra_fields: Iterable[Any] | None = None) -> kopf.BodyEssence:
        """What counts of an object: nothing."""
        del body, extra_fields
        return kopf.BodyEssence()

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:
        """What was handled last: nothing."""
        del body
        return None

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Nothing is kept in the objects."""


def build_registry(offer: Offer, login: Callable[[], LoginValues]) -> kopf.OperatorRegistry:
    """The handlers. `offer` is called in kopf's thread and must only hand the object over."""
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    def log_in(**_: Any) -> kopf.ConnectionInfo:  # noqa: ANN401 - kopf's keyword arguments
        return kopf.ConnectionInfo(**login())

    @kopf.on.event(GROUP, VERSION, ACCOUNTS.plural, registry=registry)
    async def account_seen(event: kopf.RawEvent, **_: Any) -> None:  # noqa: ANN401 - kopf's keyword arguments
        offer(ACCOUNTS, event["type"], dict(event["object"]))

    @kopf.on.event(GROUP, VERSION, INTENTS.plural, registry=registry)
    async def intent_seen(event: kopf.RawEvent, **_: Any) -> None:  # noqa: ANN401 - kopf's keyword arguments
        offer(INTENTS, event["type"], dict(event["object"]))

    @kopf.on.event(GROUP, VERSION, GROUPS.plural, registry=registry)
    async def group_seen(event: kopf.RawEvent, **_: Any) -> None:  # noqa: ANN401 - kopf's keyword arguments
        offer(GROUPS, event["type"], dict(event["object"]))

    return registry


def build_settings() -> kopf.OperatorSettings:
    """Kopf as an informer: no posts, no scans, no peering, explicit time-outs, and it never gives up."""
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.peering.standalone = True
    settings.queueing.worker_limit = None
    settings.queueing.idle_timeout = 1
    settings.networking.connect_timeout = 5
    settings.networking.request_timeout = 30
    settings.networking.error_backoffs = EndlessBackoff()
    settings.networking.enforce_retry_after = True
    settings.watching.server_timeout = 270
    settings.watching.client_timeout = 300
    settings.watching.connect_timeout = 5
    settings.persistence.diffbase_storage = NothingHandled()
    settings.persistence.finalizer = f"{GROUP}/kopf-unused"
    return settings


async def watch(registry: kopf.OperatorRegistry, stop: Any, ready: Any, namespace: str) -> None:  # noqa: ANN401 - kopf's flags
    """Run kopf in this loop until `stop` is set. It cancels every other task of the loop when it ends."""
    await kopf.operator(
        registry=registry,
        settings=build_settings(),
        standalone=True,
        clusterwide=not namespace,
        namespaces=[namespace] if namespace else [],
        stop_flag=stop,
        ready_flag=ready,
    )
