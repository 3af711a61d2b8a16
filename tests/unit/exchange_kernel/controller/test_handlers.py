"""kopf as an informer: it hands over, it writes nothing, and it never gives up."""

import asyncio
import itertools
import threading
from typing import Any, cast

import kopf
import pytest

from exchange_kernel.api.meta import FINALIZER_CANCEL_ORDER
from exchange_kernel.controller import handlers
from exchange_kernel.controller.informer import Informer
from exchange_kernel.kube.connection import LoginValues
from exchange_kernel.kube.resources import ACCOUNTS, GROUPS, INTENTS, Json, Resource


def login() -> LoginValues:
    """How the API server is reached."""
    return LoginValues(
        server="http://127.0.0.1:1",
        ca_path=None,
        certificate_path=None,
        private_key_path=None,
        insecure=None,
        scheme=None,
        token=None,
        proxy_url=None,
        default_namespace=None,
    )


async def test_an_event_is_handed_over_as_it_came() -> None:
    offered: list[tuple[Resource, str | None, Json]] = []
    registry = handlers.build_registry(lambda resource, kind, obj: offered.append((resource, kind, obj)), login)
    watching = registry._watching.get_all_handlers()
    assert len(watching) == 3
    for handler in watching:
        obj = {"metadata": {"uid": handler.id}}
        await cast("Any", handler.fn)(event={"type": "DELETED", "object": obj}, logger=None, body=obj)
    assert [(resource, kind) for resource, kind, _ in offered] == [
        (ACCOUNTS, "DELETED"),
        (INTENTS, "DELETED"),
        (GROUPS, "DELETED"),
    ]


def test_handlers_have_no_branches() -> None:
    registry = handlers.build_registry(lambda resource, kind, obj: None, login)
    for handler in registry._watching.get_all_handlers():
        names = {instruction for instruction in _operations(handler.fn) if "JUMP" in instruction}
        assert names == set()


def _operations(function: Any) -> set[str]:  # noqa: ANN401 - kopf's handler
    import dis  # noqa: PLC0415 - for this alone

    return {instruction.opname for instruction in dis.get_instructions(function)}


def test_kopf_writes_nothing_and_never_gives_up() -> None:
    settings = handlers.build_settings()
    assert settings.posting.enabled is False
    assert settings.scanning.disabled is True
    assert settings.peering.standalone is True
    # kopf strips a finalizer that equals its own setting.
    assert settings.persistence.finalizer != FINALIZER_CANCEL_ORDER
    # Without this a worker that waits for more events of one object blocks the others.
    assert settings.queueing.worker_limit is None
    assert settings.watching.client_timeout is not None
    pauses = cast("Any", settings.networking.error_backoffs)
    assert list(itertools.islice(pauses, 8)) == [1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0]
    assert list(itertools.islice(pauses, 1)) == [1.0]


@pytest.mark.parametrize("error", [RuntimeError("watch error"), asyncio.CancelledError()])
async def test_whatever_ends_kopf_it_is_started_again(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []
    again = threading.Event()

    async def watch(registry: kopf.OperatorRegistry, stop: Any, ready: Any, namespace: str) -> None:  # noqa: ANN401
        del registry, ready
        runs.append(namespace)
        if len(runs) == 1:
            raise error
        again.set()
        await asyncio.to_thread(stop.wait)

    monkeypatch.setattr(handlers, "watch", watch)
    monkeypatch.setattr("exchange_kernel.controller.informer.RESTART_AFTER_SECONDS", 0.0)
    informer = Informer(lambda resource, kind, obj: None, login, "desk")
    informer.start()
    assert await asyncio.to_thread(again.wait, 10.0)
    assert informer.alive
    assert informer.restarts == 1
    await informer.stop()
    assert not informer.alive
    assert runs == ["desk", "desk"]


async def test_what_the_thread_sees_is_offered_in_the_main_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    offered: asyncio.Queue[tuple[Resource, int]] = asyncio.Queue()

    async def watch(registry: kopf.OperatorRegistry, stop: Any, ready: Any, namespace: str) -> None:  # noqa: ANN401
        del ready, namespace
        for handler in registry._watching.get_all_handlers():
            await cast("Any", handler.fn)(event={"type": None, "object": {}})
        await asyncio.to_thread(stop.wait)

    monkeypatch.setattr(handlers, "watch", watch)
    informer = Informer(lambda resource, kind, obj: offered.put_nowait((resource, threading.get_ident())), login)
    informer.start()
    seen = [await asyncio.wait_for(offered.get(), 10.0) for _ in range(3)]
    await informer.stop()
    assert seen == [(kind, threading.get_ident()) for kind in (ACCOUNTS, INTENTS, GROUPS)]
    assert informer.seen == 3


async def test_a_watch_that_is_blind_twice_is_replaced_even_when_it_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Any] = []
    begun, let_go = threading.Event(), threading.Event()

    async def watch(registry: kopf.OperatorRegistry, stop: Any, ready: Any, namespace: str) -> None:  # noqa: ANN401
        del registry, ready, namespace
        runs.append(stop)
        begun.set()
        # The first one hangs where it looks at no stop flag.
        await asyncio.to_thread(let_go.wait if len(runs) == 1 else stop.wait)

    monkeypatch.setattr(handlers, "watch", watch)
    informer = Informer(lambda resource, kind, obj: None, login)
    informer.start()
    assert await asyncio.to_thread(begun.wait, 10.0)
    informer.suspect()
    assert informer.restarts == 0
    informer.seen += 1
    informer.suspect()
    assert informer.restarts == 0
    informer.suspect()
    assert informer.restarts == 1
    assert informer.alive
    assert runs[0].is_set()
    await informer.stop()
    let_go.set()
