"""/healthz, /readyz and /metrics."""

from collections.abc import Callable

from aiohttp import web

Check = Callable[[], str | None]  # None when all is well, else what is not


class Probes:
    """A small HTTP server for the kubelet and for Prometheus.

    Args:
        healthy: What is wrong with the process so that it should be restarted.
        ready: What is missing before it can do its work.
        metrics: The exposition.
    """

    def __init__(self, healthy: Check, ready: Check, metrics: Callable[[], bytes]) -> None:
        self._checks = {"/healthz": healthy, "/readyz": ready}
        self._metrics = metrics
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port (port 0 chooses a free one). Raises OSError when the port is taken."""
        app = web.Application()
        self.add_routes(app)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        return int(self._runner.addresses[0][1])

    def add_routes(self, app: web.Application) -> None:
        """Answer the three paths in this application."""
        for path in self._checks:
            app.router.add_get(path, self._check)
        app.router.add_get("/metrics", self._show_metrics)

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _check(self, request: web.Request) -> web.Response:
        problem = self._checks[request.path]()
        return web.Response(text=f"{problem or 'ok'}\n", status=200 if problem is None else 503)

    async def _show_metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=self._metrics(), content_type="text/plain", charset="utf-8")
