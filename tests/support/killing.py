"""Killing the operator (SIGKILL) at a certain request, before it takes effect or after, and starting it again."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from support.operator_process import OperatorProcess
from support.proxy import Action, Drop, Proxy, Request, Response
from support.stack import Stack

MOMENTS = ("before it takes effect", "after it took effect")


@dataclass(frozen=True)
class Point:
    """One request of the operator.

    Attributes:
        name: What it is made for: an order or a group, and an account of the same name.
        at: The side on which it is seen: api or venue.
        method: HTTP method.
        path: A part of its path.
        text: A part of its query or body.
    """

    name: str
    at: str
    method: str
    path: str
    text: str = ""

    def is_seen_in(self, request: Request) -> bool:
        said = f"{request.query} {request.body.decode()}"
        return request.method == self.method and self.path in request.path and self.text in said


class Killer:
    """Kills the operator at the first request that is the armed point's, on either side."""

    def __init__(self, operator: OperatorProcess, proxies: Mapping[str, Proxy], moment: str) -> None:
        self.operator, self._moment = operator, moment
        self._point: Point | None = None
        self._is_meant: Callable[[Point, Request], bool] = Point.is_seen_in
        for side, proxy in proxies.items():
            proxy.before(self._hook(side, MOMENTS[0]))
            proxy.after(self._hook(side, MOMENTS[1]))

    def arm(self, point: Point, is_meant: Callable[[Point, Request], bool] = Point.is_seen_in) -> None:
        self._point, self._is_meant = point, is_meant

    def _hook(self, side: str, moment: str) -> Callable[..., Awaitable[Action | None]]:
        async def hook(request: Request, _: Response | None = None) -> Action | None:
            point = self._point
            if point is None or (side, moment) != (point.at, self._moment) or not self._is_meant(point, request):
                return None
            self._point = None
            self.operator.kill()
            return Drop()

        return hook

    async def killed_and_restarted(self) -> None:
        assert await self.operator.ended(90) == -9
        assert self._point is None
        await self.operator.start()


async def killer_of(stack: Stack, points: Iterable[Point], moment: str) -> Killer:
    """A running operator with both of its sides behind proxies, and a ready account for each point."""
    api, venue = await stack.api_proxy(), await stack.venue_proxy()
    config = api.write_kubeconfig(stack.folder / "proxied.kubeconfig")
    # All accounts share one address' request weight: bulk reads are rare.
    operator = await stack.start_operator(kubeconfig=config, allowed_endpoints=venue.url, poll_interval=10)
    names = [point.name for point in points]
    for name in names:
        await stack.open_account(name, endpoint=venue.url)
    for name in names:
        await stack.account_ready(name)
    return Killer(operator, {"api": api, "venue": venue}, moment)
