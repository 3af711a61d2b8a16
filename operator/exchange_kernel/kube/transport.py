"""One HTTP request, one answer or one error. The only file that knows aiohttp's client."""

from collections.abc import Mapping
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
        session = self._session or self._open()
        headers = {"Accept": request.accept, "User-Agent": self._user_agent}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        if authorization := await self._connection.authorization(renew=renew_login):
            headers["Authorization"] = authorization
        seconds = request.seconds or self._call_seconds
        url = URL(self._connection.server + request.path, encoded=True)
        try:
            async with session.request(
                request.method,
                url.with_query(request.query) if request.query else url,
                data=request.body,
                headers=headers,
                allow_redirects=False,
                proxy=self._connection.proxy,
                server_hostname=self._connection.server_name,
                timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS),
            ) as response:
                return Answer(response.status, await response.read(), response.headers.get("Retry-After"))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientSSLError) as error:
            why = _why_not_connected(error)
            raise Unavailable(
                f"cannot {request.what}: no connection to {self._connection.server}: {why}", maybe_done=False
            ) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
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
