"""One HTTP request, one answer or one error. The only file that knows aiohttp's client."""

import contextlib
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import aiohttp
import orjson
from yarl import URL

from exchange_kernel.kube.connection import Connection
from exchange_kernel.kube.errors import Unavailable, from_response
from exchange_kernel.kube.resources import Json

JSON_BODY: Final = "application/json"
CALL_SECONDS: Final = 10.0
CONNECT_SECONDS: Final = 5.0
POOL_SIZE: Final = 64  # more requests than this at once only queue up inside the API server
LONGEST_LINE: Final = 2**21  # an object of the API server has 1.5 MiB at most
KEEP_ALIVE_SECONDS: Final = 60.0  # an API server closes idle connections after 90 s or more; be first


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it goes on the wire.

    `what` names it in errors; `seconds` bounds it from connect to the last byte of the answer (None: as all others).
    """

    method: str
    path: str
    what: str
    query: Mapping[str, str]
    body: bytes | None = None
    content_type: str = JSON_BODY
    accept: str = JSON_BODY
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The API server's answer to a request, whatever its status."""

    status: int
    body: bytes
    retry_after: str | None = None


class Transport(Protocol):
    """Sends a request exactly once."""

    async def send(self, request: Request, *, renew_login: bool = False) -> Answer:
        """Send and wait for the whole answer. Raises Unavailable where none came."""
        ...

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        ...


class HttpTransport:
    """The transport over aiohttp. Belongs to the event loop in which it is first used.

    `call_seconds` bounds each request that does not bring a bound of its own.
    """

    def __init__(self, connection: Connection, user_agent: str, call_seconds: float = CALL_SECONDS) -> None:
        self._call_seconds = call_seconds
        self._connection = connection
        self._user_agent = user_agent
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request, *, renew_login: bool = False) -> Answer:
        """Send and wait for the whole answer. Raises Unavailable where none came."""
        seconds = request.seconds or self._call_seconds
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)
        with self._translated(request, seconds):
            async with await self._begin(request, timeout, renew_login=renew_login) as response:
                return Answer(response.status, await response.read(), response.headers.get("Retry-After"))
        raise AssertionError("an error is translated or raised")

    async def lines(self, request: Request, *, silence: float) -> AsyncGenerator[bytes, None]:
        """Send, and give the lines of an answer that goes on, as they come.

        Args:
            request: What is asked.
            silence: Seconds without a byte after which the connection counts as broken.

        Raises:
            KubeError: The error that the status stands for; `Unavailable` where the answer breaks off.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=silence)
        with self._translated(request, silence):
            async with await self._begin(request, timeout, renew_login=False) as response:
                if response.status >= 300:
                    body, pause = await response.read(), response.headers.get("Retry-After")
                    raise from_response(request.what, response.status, body, pause)
                async for line in response.content:
                    yield line

    async def _begin(
        self, request: Request, bounds: aiohttp.ClientTimeout, *, renew_login: bool
    ) -> aiohttp.client._RequestContextManager:
        session = self._session or self._open()
        headers = {"Accept": request.accept, "User-Agent": self._user_agent}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        if authorization := await self._connection.authorization(renew=renew_login):
            headers["Authorization"] = authorization
        url = URL(self._connection.server + request.path, encoded=True)
        return session.request(
            request.method,
            url.with_query(request.query) if request.query else url,
            data=request.body,
            headers=headers,
            allow_redirects=False,
            proxy=self._connection.proxy,
            server_hostname=self._connection.server_name,
            timeout=bounds,
            read_bufsize=LONGEST_LINE,
        )

    @contextlib.contextmanager
    def _translated(self, request: Request, seconds: float) -> Iterator[None]:
        """What goes wrong on the way is `Unavailable`."""
        try:
            yield
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientSSLError) as error:
            why = _why_not_connected(error)
            raise Unavailable(
                f"cannot {request.what}: no connection to {self._connection.server}: {why}", maybe_done=False
            ) from error
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise Unavailable(f"cannot {request.what}: {_reason(error, seconds)}") from error

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        context = self._connection.ssl_context()
        connector = aiohttp.TCPConnector(
            limit=POOL_SIZE, keepalive_timeout=KEEP_ALIVE_SECONDS, ssl=context if context is not None else True
        )
        session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        # aiohttp sends a PUT or DELETE a second time when a kept-alive connection breaks before the answer. The second
        # one would meet our own first one and look like somebody else's change. There is no public switch.
        session._retry_connection = False  # noqa: SLF001
        self._session = session
        return session


def parse(request: Request, answer: Answer) -> Json:
    """The answer's object.

    Raises:
        KubeError: The error that the status stands for; `Unavailable` where a 2xx answer cannot be read.
    """
    if answer.status >= 300:
        raise from_response(request.what, answer.status, answer.body, answer.retry_after)
    try:
        parsed = orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise Unavailable(f"cannot {request.what}: the answer is no JSON") from error
    if not isinstance(parsed, dict):
        raise Unavailable(f"cannot {request.what}: the answer is no object")
    return parsed


def _why_not_connected(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted ({error.certificate_error})"
    if isinstance(error, aiohttp.ClientConnectorError):
        return str(error.os_error)
    return f"no connection within {CONNECT_SECONDS:g} s"


def _reason(error: BaseException, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} s"
    return f"the connection broke ({type(error).__name__})"
