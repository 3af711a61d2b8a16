"""The end of an HTTP request: its answer, and every way in which an answer can fail to arrive."""

import asyncio
import socket
import struct
from typing import Final

import orjson
from aiohttp import web

from paper_exchange.answering import Answer, Delivery

JSON_TYPE: Final = "application/json;charset=UTF-8"

_STALL_CHECK_S: Final = 0.25
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


async def deliver(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """Sends an answer, or as much of it as a fault lets through."""
    body = body_of(answer)
    if answer.delivery is Delivery.WHOLE and not answer.pause_s:
        headers = {"Content-Type": JSON_TYPE, **answer.headers}
        return web.Response(body=body, status=answer.status, headers=headers)
    if answer.delivery is Delivery.STALL:
        return await _stall(request)
    if answer.delivery in {Delivery.RST, Delivery.FIN, Delivery.CLOSE}:
        return _end(request, reset=answer.delivery is Delivery.RST)
    return await _in_halves(request, answer, body)


def body_of(answer: Answer) -> bytes:
    """The bytes of an answer."""
    return orjson.dumps(answer.result) if answer.raw is None else answer.raw


async def _in_halves(request: web.BaseRequest, answer: Answer, body: bytes) -> web.StreamResponse:
    """Announces the whole body and sends the first half; the second follows only if nothing else is wrong."""
    response = web.StreamResponse(status=answer.status, headers={"Content-Type": JSON_TYPE, **answer.headers})
    response.content_length = len(body)
    await response.prepare(request)
    middle = len(body) // 2
    await response.write(body[:middle])
    await asyncio.sleep(answer.pause_s)
    if answer.delivery is Delivery.WHOLE:
        await response.write(body[middle:])
        await response.write_eof()
    else:
        end_connection(request, reset=answer.delivery is Delivery.HALF_THEN_RST)
    return response


async def _stall(request: web.BaseRequest) -> web.Response:
    while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - no event tells it
        await asyncio.sleep(_STALL_CHECK_S)
    return web.Response()


def _end(request: web.BaseRequest, *, reset: bool) -> web.Response:
    end_connection(request, reset=reset)
    return web.Response()


def end_connection(request: web.BaseRequest, *, reset: bool) -> None:
    """Ends the TCP connection under a request: with a reset, or regularly after what was written."""
    transport = request.transport
    if transport is None:
        return
    if not reset:
        transport.close()
        return
    raw: socket.socket | None = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
