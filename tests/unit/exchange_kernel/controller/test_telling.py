"""Logs, metrics and probes: what the process says of itself."""

import json
import logging
import sys
from collections.abc import Iterator
from typing import cast

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from prometheus_client.parser import text_string_to_metric_families

from exchange_kernel.controller import logs
from exchange_kernel.controller.informer import Informer
from exchange_kernel.controller.metrics import exposition
from exchange_kernel.controller.probes import Probes
from exchange_kernel.kube.connection import LoginValues
from support.virtual_time import in_virtual_time
from support.world import World


def idle_informer() -> Informer:
    """One that is not started."""
    return Informer(lambda resource, kind, obj: None, lambda: cast("LoginValues", {}))


# --- logs ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """The root logger; as it was before, afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    noisy = {name: logging.getLogger(name).level for name in ("kopf", "aiohttp", "asyncio", "ccxt")}
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in noisy.items():
        logging.getLogger(name).setLevel(before)


def test_a_json_line_has_the_time_the_level_and_the_trace() -> None:
    try:
        raise ValueError("odd")  # noqa: TRY301 - a trace is wanted
    except ValueError:
        record = logging.LogRecord("x.y", logging.ERROR, "f.py", 1, "it %s", ("failed",), sys.exc_info())
    record.created = 0.0
    entry = json.loads(logs.JsonFormatter().format(record))
    assert entry["time"] == "1970-01-01T00:00:00+00:00"
    assert (entry["level"], entry["logger"], entry["message"]) == ("ERROR", "x.y", "it failed")
    assert "ValueError: odd" in entry["error"]


@pytest.mark.parametrize("form", ["plain", "json"])
def test_logs_go_to_stderr_in_the_form_that_is_set(
    form: str, root_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(form, "info")
    logging.getLogger("exchange_kernel").info("ready")
    logging.getLogger("exchange_kernel").debug("hidden")
    logging.getLogger("kopf").info("noise")
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert "ready" in line
    assert line.startswith("{") is (form == "json")
    assert root_logger.level == logging.INFO


# --- metrics ---------------------------------------------------------------------------------------------------------


def samples(world: World) -> dict[tuple[str, tuple[str, ...]], float]:
    """All samples, by name and label values (in the alphabetical order of the labels)."""
    text = exposition(world.engine, idle_informer()).decode()
    found: dict[tuple[str, tuple[str, ...]], float] = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            found[one.name, tuple(one.labels[label] for label in sorted(one.labels))] = one.value
    return found


@in_virtual_time
async def test_prometheus_reads_orders_accounts_and_calls() -> None:
    world = World()
    await world.ready()
    world.apply("works")
    world.apply("waits", suspend=True)
    await world.until_state("Open", "works")
    await world.until_state("Pending", "waits")
    seen = samples(world)
    assert seen["exchange_kernel_orders", ("Open",)] == 1
    assert seen["exchange_kernel_orders", ("Pending",)] == 1
    assert seen["exchange_kernel_unknown_placements", ()] == 0
    assert seen["exchange_kernel_account_ready", ("main", "desk")] == 1
    assert seen["exchange_kernel_placements_total", ("main", "desk")] == 1
    assert seen["exchange_kernel_api_calls_total", ("201", "orderreceipts", "create")] == 1
    assert seen["exchange_kernel_passes_total", ()] == world.engine.passes
    assert seen["exchange_kernel_sends_in_flight", ()] == 0


@in_virtual_time
async def test_a_request_without_an_answer_shows_in_the_metrics() -> None:
    world = World()
    await world.ready()
    world.venue.late["create_order"] = 30.0
    world.apply()
    await world.until_state("Submitting")
    seen = samples(world)
    assert seen["exchange_kernel_sends_in_flight", ()] == 1
    assert seen["exchange_kernel_unknown_placements", ()] == 1


@in_virtual_time
async def test_the_process_is_unhealthy_when_a_loop_has_ended() -> None:
    world = World()
    await world.ready()
    assert world.engine.healthy
    await world.engine.stop()
    assert not world.engine.healthy


# --- probes ----------------------------------------------------------------------------------------------------------


async def asked(probes: Probes, path: str) -> web.Response:
    """The answer, without a socket."""
    app = web.Application()
    probes.add_routes(app)
    request = make_mocked_request("GET", path, app=app)
    found = await app.router.resolve(request)
    return cast("web.Response", await found.handler(request))


async def test_the_probes_say_what_is_wrong() -> None:
    problems: dict[str, str | None] = {"alive": None, "ready": "the objects are being read"}
    probes = Probes(lambda: problems["alive"], lambda: problems["ready"], lambda: b"metric 1\n")
    well, waits = await asked(probes, "/healthz"), await asked(probes, "/readyz")
    assert (well.status, well.text) == (200, "ok\n")
    assert (waits.status, waits.text) == (503, "the objects are being read\n")
    problems |= {"alive": "a loop has ended", "ready": None}
    assert (await asked(probes, "/healthz")).status == 503
    assert (await asked(probes, "/readyz")).status == 200
    metrics = await asked(probes, "/metrics")
    assert (metrics.body, metrics.content_type) == (b"metric 1\n", "text/plain")


async def test_probes_that_were_not_started_can_be_stopped() -> None:
    await Probes(lambda: None, lambda: None, lambda: b"").stop()
