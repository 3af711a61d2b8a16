"""One request from its arrival to its answer, on whichever transport.

The way is: rate limits, key and signature, parameters, engine, answer. Fault rules strike between the steps.
"""

from dataclasses import dataclass

from paper_exchange.answering import Answer, FaultPoints, Json, Trace, Work, replacement
from paper_exchange.binance import auth, errors
from paper_exchange.binance.account import order_limits, rate_limit
from paper_exchange.binance.auth import Security, SignedText
from paper_exchange.binance.endpoint import Call, Endpoint
from paper_exchange.binance.errors import VenueError
from paper_exchange.binance.params import Params
from paper_exchange.fault_rules import Hook, Subject
from paper_exchange.faults import FaultBook
from paper_exchange.limits import Verdict
from paper_exchange.model import ApiKey
from paper_exchange.modes import Modes
from paper_exchange.request_log import AnsweredRequest, RequestLog
from paper_exchange.venue import Venue


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as a transport read it.

    Attributes:
        method: HTTP method, or WS.
        path: Path, or WS-API method.
        endpoint: What it asks for.
        params: Its parameters.
        api_key: The key that it names.
        payload: The text that its signature covers.
        remote: The peer's address: weights are counted by it.
    """

    method: str
    path: str
    endpoint: Endpoint
    params: Params
    api_key: str | None
    payload: bytes
    remote: str

    @property
    def client_order_id(self) -> str:
        """The order it is about, by client order id; empty when it names none."""
        names = ("origClientOrderId", "listClientOrderId", "newClientOrderId", "cancelOrigClientOrderId")
        return next(filter(None, map(self.params.peek, names)), "")

    @property
    def minds_order_count(self) -> bool:
        """Whether it is refused when the account may place no more orders; a cancel-replace may still cancel then."""
        only_cancels = self.params.peek("orderRateLimitExceededMode") == "CANCEL_ONLY"
        return self.endpoint.counts_order and not only_cancels


class Gateway:
    """Serves requests for the transports."""

    def __init__(self, venue: Venue, faults: FaultBook, modes: Modes, log: RequestLog) -> None:
        self._venue = venue
        self._points = FaultPoints(venue, faults)
        self._modes = modes
        self._log = log

    async def serve(self, incoming: Incoming) -> Answer:
        """Answers a request. Refusals are answers too: this raises nothing."""
        arrived = self._venue.now_ms()
        trace = Trace(Subject(incoming.method, incoming.path, incoming.client_order_id))
        try:
            answer = await self._serve(incoming, trace)
        except VenueError as refusal:
            answer = refused_with(refusal)
        answer = self._points.in_body(answer, trace.subject)
        answer.account = trace.subject.account
        self._log.add(
            AnsweredRequest(
                time_ms=arrived,
                method=incoming.method,
                path=incoming.path,
                account=trace.subject.account,
                client_order_id=trace.subject.client_order_id,
                status=answer.status,
                code=answer.code,
                reached_engine=trace.engine_calls,
            )
        )
        return answer

    async def _serve(self, incoming: Incoming, trace: Trace) -> Answer:
        struck = await self._points.strike(Hook.BEFORE_AUTH, trace.subject)
        if replaced := replacement(struck):
            return replaced
        if self._modes.maintenance:
            raise errors.SHUTTING_DOWN
        self._charge(incoming)
        key = self._authenticate(incoming)
        if key is not None:
            trace.subject = Subject(incoming.method, incoming.path, incoming.client_order_id, key.account)
        work = incoming.endpoint.prepare(self._venue, Call(incoming.params, key))
        struck = await self._points.strike(Hook.BEFORE_ENGINE, trace.subject)
        if struck:
            if replaced := replacement(struck):
                return replaced
            self._check_still_fresh(incoming)
        if incoming.minds_order_count:
            _judge(self._venue.limiter.admit_order(trace.subject.account, self._venue.now_ms()))
        return await self._points.engine(lambda: _run(work), struck, trace)

    def _charge(self, incoming: Incoming) -> None:
        weight = incoming.endpoint.weight(incoming.params)
        _judge(self._venue.limiter.charge(incoming.remote, weight, self._venue.now_ms()))

    def limit_headers(self, incoming: Incoming, account: str) -> dict[str, str]:
        """What the address and, after an order, the account have used."""
        limiter, now = self._venue.limiter, self._venue.now_ms()
        used = str(limiter.used_weight(incoming.remote, now))
        headers = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
        if incoming.endpoint.counts_order and account:
            short, long = limiter.order_counts(account, now)
            headers |= {"X-MBX-ORDER-COUNT-10S": str(short), "X-MBX-ORDER-COUNT-1D": str(long)}
        return headers

    def rate_limits(self, incoming: Incoming, account: str) -> list[Json]:
        """The same as the `rateLimits` of a WS-API answer."""
        limiter = self._venue.limiter
        used = limiter.used_weight(incoming.remote, self._venue.now_ms())
        weight = rate_limit("REQUEST_WEIGHT", "MINUTE", 1, limiter.limits.weight_per_minute) | {"count": used}
        counts = order_limits(self._venue, account) if incoming.endpoint.counts_order and account else []
        return [*counts, weight]

    def _authenticate(self, incoming: Incoming) -> ApiKey | None:
        security = incoming.endpoint.security
        if security is Security.NONE:
            return None
        named = auth.check_key_form(incoming.api_key)
        signature = incoming.params.required("signature")
        incoming.params.required("timestamp")
        key = self._venue.reads.api_key(named)
        if key is None:
            raise errors.KEY_REJECTED
        auth.check_signature(key, SignedText(incoming.payload, signature))
        auth.check_time(incoming.params, self._venue.now_ms())
        auth.check_permission(key, security)
        return key

    def _check_still_fresh(self, incoming: Incoming) -> None:
        """The venue judges the time twice: at the door, and again before the matching engine."""
        if incoming.endpoint.security is not Security.NONE:
            auth.check_time(incoming.params, self._venue.now_ms())


def _judge(verdict: Verdict) -> None:
    if verdict.refusal is not None:
        retry = {"Retry-After": str(verdict.retry_after_s)}
        raise VenueError(verdict.refusal.code, verdict.refusal.message, verdict.status, retry)


def _run(work: Work) -> Answer:
    try:
        return Answer(200, work())
    except VenueError as refusal:
        return refused_with(refusal)


def refused_with(refusal: VenueError) -> Answer:
    """The answer that a refusal is."""
    return Answer(refusal.status, refusal.body(), refusal.code, headers=refusal.headers)
