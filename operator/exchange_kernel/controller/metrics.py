"""What Prometheus reads: computed when it asks, from the objects that know it."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from exchange_kernel.controller.engine import Engine
from exchange_kernel.controller.informer import Informer
from exchange_kernel.exchange.streams import StreamState

PREFIX = "exchange_kernel"


class EngineCollector(Collector):
    """All metrics of one operator process."""

    def __init__(self, engine: Engine, informer: Informer) -> None:
        self._engine = engine
        self._informer = informer

    def collect(self) -> Iterator[Metric]:
        """One reading."""
        yield from self._orders()
        yield from self._loop()
        yield from self._api_server()
        yield from self._accounts()

    def _orders(self) -> Iterator[Metric]:
        by_state = GaugeMetricFamily(f"{PREFIX}_orders", "OrderIntents by state.", labels=["state"])
        states = Counter(str(memo.intent.status.state or "New") for memo in self._engine.memos.values())
        for state, count in sorted(states.items()):
            by_state.add_metric([state], count)
        yield by_state
        unknown = sum(memo.unknown for memo in self._engine.memos.values())
        yield GaugeMetricFamily(f"{PREFIX}_unknown_placements", "Placements that are not proven either way.", unknown)

        unconfirmed = sum(memo.unconfirmed for memo in self._engine.memos.values())
        yield GaugeMetricFamily(
            f"{PREFIX}_unconfirmed_orders",
            "Orders that work by their status and were not seen at the venue since the start.",
            unconfirmed,
        )

    def _loop(self) -> Iterator[Metric]:
        engine, informer = self._engine, self._informer
        yield GaugeMetricFamily(f"{PREFIX}_queue_depth", "Objects that wait for a worker.", len(engine.queue))
        yield GaugeMetricFamily(f"{PREFIX}_sends_in_flight", "Creates without an outcome.", engine.actions.in_flight)
        yield CounterMetricFamily(f"{PREFIX}_passes", "Passes over objects.", engine.passes)
        yield CounterMetricFamily(f"{PREFIX}_busy_seconds", "Time that workers spent in passes.", engine.busy_seconds)
        yield CounterMetricFamily(f"{PREFIX}_watch_restarts", "Restarts of the watch.", informer.restarts)
        yield CounterMetricFamily(f"{PREFIX}_watch_events", "Objects seen by the watch.", informer.seen)

    def _api_server(self) -> Iterator[Metric]:
        calls = CounterMetricFamily(
            f"{PREFIX}_api_calls", "Calls to the API server.", labels=["verb", "resource", "code"]
        )
        for call, count in self._engine.context.stores.client.counters.calls.items():
            calls.add_metric([call.verb, call.resource, str(call.code)], count)
        yield calls
        dropped = CounterMetricFamily(f"{PREFIX}_events_dropped", "Kubernetes Events not written.", labels=["reason"])
        for reason, count in self._engine.context.events.dropped.items():
            dropped.add_metric([reason], count)
        yield dropped

    def _accounts(self) -> Iterator[Metric]:
        labels = ["namespace", "account"]
        ready = GaugeMetricFamily(f"{PREFIX}_account_ready", "1 when orders can be sent.", labels=labels)
        waiting = GaugeMetricFamily(f"{PREFIX}_venue_queue_depth", "Calls that wait for the venue.", labels=labels)
        placements = CounterMetricFamily(f"{PREFIX}_placements", "Orders placed.", labels=labels)
        errors = CounterMetricFamily(f"{PREFIX}_venue_errors", "Failures at the venue.", labels=[*labels, "reason"])
        yield from self._streams()
        for key, runtime in sorted(self._engine.accounts.items()):
            ready.add_metric(key, float(runtime.ready))
            waiting.add_metric(key, runtime.queue_depth)
            placements.add_metric(key, runtime.counters.placements)
            for reason, count in sorted(runtime.counters.errors.items()):
                errors.add_metric([*key, reason], count)
        yield from (ready, waiting, placements, errors)

    def _streams(self) -> Iterator[Metric]:
        labels = ["namespace", "account"]
        live = GaugeMetricFamily(f"{PREFIX}_stream_live", "1 while the order stream is subscribed.", labels=labels)
        counted = {
            name: CounterMetricFamily(f"{PREFIX}_stream_{name}", text, labels=labels)
            for name, text in (
                ("ends", "Order streams that have ended, or could not be had."),
                ("hints", "Events of order streams."),
                ("reads", "Reads of single orders that events have caused."),
                ("missed", "Changes that a poll has shown and the stream has not."),
            )
        }
        for key, runtime in sorted(self._engine.accounts.items()):
            following = runtime.following
            live.add_metric(key, float(following.state is StreamState.LIVE))
            counted["ends"].add_metric(key, following.counters.ended)
            counted["hints"].add_metric(key, following.hints)
            counted["reads"].add_metric(key, following.reads)
            counted["missed"].add_metric(key, following.missed)
        yield from (live, *counted.values())


def exposition(engine: Engine, informer: Informer) -> bytes:
    """The text that Prometheus scrapes."""
    registry = CollectorRegistry()
    registry.register(EngineCollector(engine, informer))
    return generate_latest(registry)
