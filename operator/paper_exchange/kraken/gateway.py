"""One request from its arrival to its answer.

The way is: key, signature and nonce, permission, rate limit, parameters, engine, answer. Fault rules strike between
the steps, at the same hooks and in the same way as in the other dialect.
"""

from dataclasses import dataclass

from paper_exchange.answering import Answer, FaultPoints, Json, Trace, Work, replacement
from paper_exchange.fault_rules import Hook, Subject
from paper_exchange.faults import FaultBook
from paper_exchange.kraken import auth, errors, public
from paper_exchange.kraken.auth import Nonces, Security
from paper_exchange.kraken.counters import Counters
from paper_exchange.kraken.endpoint import Call, Endpoint
from paper_exchange.kraken.endpoints import SYSTEM_STATUS
from paper_exchange.kraken.errors import KrakenError
from paper_exchange.kraken.params import Params, read_params
from paper_exchange.model import ApiKey
from paper_exchange.modes import Modes
from paper_exchange.request_log import AnsweredRequest, RequestLog
from paper_exchange.venue import Venue

REFUSED = -1
"""`code` of a refused request in the log: this venue has texts, no numbers."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it was read.

    Attributes:
        method: HTTP method.
        path: Path, which the signature covers.
        endpoint: What it asks for; None for what this venue does not know.
        query: Query string.
        body: Body, which the signature covers.
        content_type: Of the body.
        api_key: `API-Key`.
        signature: `API-Sign`.
    """

    method: str
    path: str
    endpoint: Endpoint | None
    query: str
    body: str
    content_type: str
    api_key: str | None
    signature: str | None


@dataclass(frozen=True, slots=True)
class Door:
    """What the venue remembers of its callers, through its outages too."""

    nonces: Nonces
    counters: Counters


class Gateway:
    """Serves requests."""

    def __init__(self, venue: Venue, faults: FaultBook, modes: Modes, log: RequestLog, door: Door) -> None:
        self._venue = venue
        self._points = FaultPoints(venue, faults)
        self._modes = modes
        self._log = log
        self._door = door

    async def serve(self, incoming: Incoming) -> Answer:
        """Answers a request. Refusals are answers too: this raises nothing."""
        self._venue.pass_time()
        arrived = self._venue.now_ms()
        trace = Trace(Subject(incoming.method, incoming.path))
        try:
            answer = await self._serve(incoming, trace)
        except KrakenError as refusal:
            answer = self._refusal(refusal, trace)
        answer = self._points.in_body(answer, trace.subject)
        self._log.add(
            AnsweredRequest(
                time_ms=arrived,
                method=incoming.method,
                path=incoming.path,
                account=trace.subject.account,
                client_order_id=trace.subject.client_order_id,
                status=answer.status,
                code=REFUSED if trace.error else 0,
                reached_engine=trace.engine_calls,
                error=trace.error,
            )
        )
        return answer

    async def _serve(self, incoming: Incoming, trace: Trace) -> Answer:
        params = read_params(incoming.query, incoming.body, incoming.content_type)
        client_id = params.get("cl_ord_id") or ""
        trace.subject = Subject(incoming.method, incoming.path, client_id)
        struck = await self._points.strike(Hook.BEFORE_AUTH, trace.subject)
        if replaced := replacement(struck):
            return replaced
        endpoint = self._endpoint(incoming)
        key = self._authenticate(incoming, endpoint, params)
        if key is not None:
            trace.subject = Subject(incoming.method, incoming.path, client_id, key.account)
            self._door.counters.call(key.account, endpoint.cost, self._venue.now_ms())
        call = Call(self._venue, params, key, self._door.counters)
        work = self._work(incoming, endpoint, call)
        struck = await self._points.strike(Hook.BEFORE_ENGINE, trace.subject)
        if replaced := replacement(struck):
            return replaced
        return await self._points.engine(lambda: self._run(work, trace), struck, trace)

    def _endpoint(self, incoming: Incoming) -> Endpoint:
        endpoint = incoming.endpoint
        if endpoint is None:
            raise errors.UNKNOWN_METHOD
        if self._modes.maintenance and not endpoint.in_maintenance:
            raise errors.UNAVAILABLE
        if endpoint.security is not Security.NONE and incoming.method != "POST":
            raise errors.UNKNOWN_METHOD
        return endpoint

    def _work(self, incoming: Incoming, endpoint: Endpoint, call: Call) -> Work:
        if incoming.path == SYSTEM_STATUS:
            return lambda: public.system_status(call, maintenance=self._modes.maintenance)
        return endpoint.prepare(call)

    def _authenticate(self, incoming: Incoming, endpoint: Endpoint, params: Params) -> ApiKey | None:
        if endpoint.security is Security.NONE:
            return None
        nonce = params.get("nonce")
        signed = (incoming.path, nonce or "", incoming.body)
        key = auth.identify(self._venue.reads, incoming.api_key, incoming.signature, signed)
        self._door.nonces.use(key.key, nonce)
        auth.check_permission(key, endpoint.security)
        return key

    def _run(self, work: Work, trace: Trace) -> Answer:
        trace.error = ""
        try:
            return Answer(200, _envelope([], work()))
        except KrakenError as refusal:
            return self._refusal(refusal, trace)

    def _refusal(self, refusal: KrakenError, trace: Trace) -> Answer:
        trace.error = refusal.text
        return Answer(200, _envelope([refusal.text]))


def _envelope(refusals: list[str], result: Json = None) -> dict[str, Json]:
    return {"error": refusals} if refusals else {"error": [], "result": result}
