"""The proxy of the tests does what the tests believe that it does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from support.proxy import Action, Delay, Drop, Proxy, Reply, Request, Response, always, matching, once


class Venue:
    """A plain HTTP upstream that counts what it does."""

    def __init__(self) -> None:
        self.orders: list[str] = []
        self.release = asyncio.Event()

    async def order(self, request: web.Request) -> web.Response:
        self.orders.append(f"{request.raw_path} {await request.text()}")
        return web.json_response({"order": len(self.orders)}, status=201)

    async def watch(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first\n")
        await self.release.wait()
        await response.write(b"second\n")
        return response

    async def echo(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(f"echo {message.data}")
        return socket


@pytest.fixture
async def venue() -> Venue:
    return Venue()


@pytest.fixture
async def proxy(venue: Venue) -> AsyncIterator[Proxy]:
    app = web.Application()
    app.add_routes([web.post("/order", venue.order), web.get("/watch", venue.watch), web.get("/ws", venue.echo)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    async with Proxy(f"http://{host}:{port}") as running:
        yield running
    await runner.cleanup()


@asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


ORDER = matching("POST", "/order")


async def test_what_nobody_objects_to_passes_byte_for_byte(proxy: Proxy, venue: Venue) -> None:
    target = URL(proxy.url + "/order?a=%2F&b=x%20y", encoded=True)
    async with session() as http, http.post(target, data="body") as answer:
        assert (answer.status, await answer.json()) == (201, {"order": 1})

    assert venue.orders == ["/order?a=%2F&b=x%20y body"]
    assert [(one.request.body, one.response and one.response.status) for one in proxy.exchanges] == [(b"body", 201)]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_dropped_request_is_lost_on_the_side_that_was_meant(proxy: Proxy, venue: Venue, moment: str) -> None:
    hook = once(ORDER, Drop())
    proxy.before(hook) if moment == "before" else proxy.after(hook)

    async with session() as http:
        with pytest.raises(aiohttp.ClientError):
            await http.post(proxy.url + "/order")
        async with http.post(proxy.url + "/order") as second:
            assert second.status == 201

    assert len(venue.orders) == (1 if moment == "before" else 2)


async def test_another_answer_can_take_the_place_of_the_real_one(proxy: Proxy, venue: Venue) -> None:
    proxy.after(always(ORDER, Reply(503, b"<html>", {"Retry-After": "3"})))

    async with session() as http, http.post(proxy.url + "/order") as answer:
        assert (answer.status, await answer.read(), answer.headers["Retry-After"]) == (503, b"<html>", "3")

    assert len(venue.orders) == 1


async def test_a_delayed_answer_is_late_and_still_the_real_one(proxy: Proxy, venue: Venue) -> None:
    proxy.after(once(ORDER, Delay(0.2)))

    async with session() as http:
        with pytest.raises(TimeoutError):
            await http.post(proxy.url + "/order", timeout=aiohttp.ClientTimeout(total=0.1))
        async with http.post(proxy.url + "/order") as second:
            assert await second.json() == {"order": 2}


async def test_a_hook_can_hold_a_request_until_something_has_happened(proxy: Proxy, venue: Venue) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hold(request: Request, response: Response) -> Action | None:
        reached.set()
        await go_on.wait()
        return None

    proxy.after(hold)
    async with session() as http:
        asking = asyncio.create_task(http.post(proxy.url + "/order"))
        await reached.wait()
        assert len(venue.orders) == 1
        assert not asking.done()
        go_on.set()
        assert (await asking).status == 201


async def test_a_watch_passes_through_chunk_by_chunk(proxy: Proxy, venue: Venue) -> None:
    async with session() as http, http.get(proxy.url + "/watch?watch=true") as answer:
        assert await answer.content.readline() == b"first\n"
        venue.release.set()
        assert await answer.content.readline() == b"second\n"
        assert await answer.content.read() == b""


async def test_a_web_socket_passes_through(proxy: Proxy) -> None:
    async with session() as http, http.ws_connect(proxy.url + "/ws") as socket:
        await socket.send_str("hello")
        assert await socket.receive_str() == "echo hello"


async def test_an_upstream_that_is_away_is_no_answer() -> None:
    async with Proxy("http://127.0.0.1:9") as proxy, session() as http:
        with pytest.raises(aiohttp.ClientError):
            await http.post(proxy.url + "/x")
        assert [one.response for one in proxy.exchanges] == [None]
