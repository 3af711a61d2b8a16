"""Runs one call on the ccxt instance and says what happened: the raw answer, or the facts of the failure.

This is the edge: below it are ccxt, its errors and the network, above it only values and the port's own errors. It also
keeps the venue's clock, because every signed call depends on it.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from exchange_kernel.exchange.budget import AnswerSeen
from exchange_kernel.exchange.ccxt_client import Access, Hooks, new_client, new_session
from exchange_kernel.exchange.classify import Facts, classify_read
from exchange_kernel.exchange.port import ClockReading, ExchangeError, ReadError, SendGate
from exchange_kernel.exchange.profiles.parts import Call, Proof
from exchange_kernel.exchange.scrub import Scrubber
from exchange_kernel.exchange.venue_clock import Clocks, Sample
from exchange_kernel.exchange.wire import CURRENT, GateRefused, WireCall, WireMismatch

_T = TypeVar("_T")

# What a reader raises for an answer that is not what it should be.
UNREADABLE = (KeyError, TypeError, ValueError, ArithmeticError, AttributeError)
_CLOCK_TRIES, _GOOD_ROUND_TRIP = 3, 0.5
# How far a refused nonce makes us jump: beyond the clocks of whoever signed with this key before.
_NONCE_LEAP_MS = 10_000
_TOO_MANY = 429
_SIGNED = "private"  # ccxt's generated methods are named after the section, and these sign


@dataclass(frozen=True, slots=True)
class Answer:
    """A raw answer, or the facts of the failure."""

    raw: Any = None
    failed: Facts | None = None


class Caller:
    """One ccxt instance and its HTTP session.

    Args:
        access: Which venue, and as whom.
        clocks: Wall and monotonic clock.
        report: Told of every answer's status, weight and pause.
    """

    def __init__(self, access: Access, clocks: Clocks, report: Callable[[AnswerSeen], None]) -> None:
        self._profile, self._clocks, self._report = access.profile, clocks, report
        self._scrub = Scrubber(access.credentials.values())
        self._nonce_ahead_ms = 0
        self._signing = asyncio.Lock()
        hooks = Hooks(answered=self._answered, venue_ms=self.venue_ms, nonce_ahead_ms=lambda: self._nonce_ahead_ms)
        self._client = new_client(access, hooks)
        urls = self._client.urls["api"]
        key_at = f"{urls.get('private') or sorted(urls.items())}\n{access.credentials['apiKey']}"
        self.fingerprint = hashlib.sha256(key_at.encode()).hexdigest()[:32]
        """Names endpoint and key, where the venue does not say who we are."""
        self._clock: Sample | None = None
        self._clock_in_doubt = False
        self._session: Any = None
        self._closed = False

    async def close(self) -> None:
        """Close connections. Idempotent."""
        self._closed = True
        session, self._session = self._session, None
        await self._client.close()
        if session is not None:
            await session.close()

    # --- the venue's clock --------------------------------------------------------------------------------------

    async def read_clock(self) -> ClockReading:
        """Compare the clocks; a slow reading is repeated, and the best one kept."""
        samples = []
        for _ in range(_CLOCK_TRIES):
            samples.append(await self._sample())
            if samples[-1].round_trip < _GOOD_ROUND_TRIP:
                break
        self._clock = min(samples, key=lambda sample: sample.round_trip)
        self._clock_in_doubt = False
        return self._clock.reading()

    async def _sample(self) -> Sample:
        sent = self._clocks.monotonic()
        venue_ms = await self.parsed(self._profile.clock_ms(self.asked))
        return Sample(venue_ms, sent, self._clocks.monotonic(), self._clocks.wall())

    def venue_ms(self) -> int | None:
        """The venue's clock now, in milliseconds; None while it was never read."""
        return None if self._clock is None else self._clock.venue_ms_at(self._clocks.monotonic())

    async def settle_clock(self) -> None:
        """After the venue refused a time stamp: read its clock before the next request is signed."""
        if self._clock_in_doubt:
            self._clock_in_doubt = False
            with suppress(ExchangeError):
                await self.read_clock()

    # --- calls --------------------------------------------------------------------------------------------------

    async def asked(self, call: Call) -> Any:  # noqa: ANN401 - the venue's JSON
        """The raw answer; None where the venue says that it knows no such order. The `Ask` of the profiles."""
        await self.settle_clock()
        answer = await self.ask(call)
        if answer.failed is None:
            if answer.raw is None:
                raise ReadError("the venue's answer is empty")
            return answer.raw
        if answer.failed.proof is Proof.NO_SUCH_ORDER:
            return None
        raise classify_read(answer.failed)

    async def parsed(self, question: Awaitable[_T]) -> _T:
        """The result of a profile's coroutine. Raises the port's ReadError tree."""
        try:
            return await question
        except UNREADABLE as error:
            raise unreadable(error) from None

    async def ask(self, call: Call, gate: SendGate | None = None) -> Answer:
        """Run one call. Only a cancellation of the running task gets out as an exception."""
        if self._closed:
            return Answer(failed=Facts(started=False, message="the connection to the venue was closed by the operator"))
        if self._session is None:
            self._session = self._client.session = new_session()
        wire = WireCall(gate=gate, expected=call.expected, unchecked=self._profile.unchecked_parameters)
        async with self._in_order(call):
            answer = await self._run(call, wire)
        if answer.failed is not None and answer.failed.row is not None and answer.failed.row.reason == "ClockSkew":
            self._clock_in_doubt = True
            self._nonce_ahead_ms += _NONCE_LEAP_MS if self._profile.rising_nonce else 0
        return answer

    def _in_order(self, call: Call) -> AbstractAsyncContextManager[object]:
        """Where nonces have to rise, the next request is signed when the one before has been answered."""
        return self._signing if self._profile.rising_nonce and call.method.startswith(_SIGNED) else nullcontext()

    async def _run(self, call: Call, wire: WireCall) -> Answer:
        token = CURRENT.set(wire)
        try:
            raw = await getattr(self._client, call.method)(*call.args)
        except Exception as error:  # noqa: BLE001 - whatever it is, the facts of the wire say what it proves
            return Answer(failed=self._facts(wire, error))
        finally:
            CURRENT.reset(token)
        if self._profile.errors_inside_answers and self._profile.error_of(wire.body)[0]:
            return Answer(failed=self._facts(wire, None))
        return Answer(raw=raw)

    def _facts(self, wire: WireCall, error: Exception | None) -> Facts:
        code, words = self._profile.error_of(wire.body)
        return Facts(
            started=wire.started,
            status=wire.status,
            row=self._profile.row(code, words) if code else None,
            code=code,
            message=self._scrub(words or (_words_of(error, started=wire.started) if error is not None else "")),
            retry_after=_retry_after(wire.headers),
            error=() if error is None else tuple(kind.__name__ for kind in type(error).__mro__),
            gate=error.answer if isinstance(error, GateRefused) else None,
            mismatch=self._scrub(str(error)) if isinstance(error, WireMismatch) else None,
        )

    def _answered(self, status: int, headers: Mapping[str, str], body: str) -> None:
        """Tell the budget; a limit of this account alone must not slow the others."""
        told = status >= 400 or self._profile.errors_inside_answers
        code, words = self._profile.error_of(body) if told else ("", "")
        row = self._profile.row(code, words) if code else None
        if row is not None and row.reason == "RateLimited" and status < 400:
            status = _TOO_MANY
        own = code in self._profile.account_limit_codes
        self._report(AnswerSeen(status, self._profile.used_weight(headers), _retry_after(headers), account_only=own))


def _words_of(error: Exception, *, started: bool) -> str:
    """What an error may say: once signed, ccxt's messages hold the signature, so only class names are passed on."""
    cause = error.__cause__
    if not started:
        return str(cause or error)
    return type(error).__name__ + (f" ({type(cause).__name__})" if cause is not None else "")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "")
    return float(value) if value.isdigit() else None


def unreadable(error: Exception) -> ReadError:
    """Names what was wrong with an answer, never the answer."""
    return ReadError(f"the venue's answer cannot be read ({type(error).__name__})")
