"""Runs one call on the ccxt instance and says what happened: the raw answer, or the facts of the failure.

This is the edge: below it are ccxt, its errors and the network, above it only values and the port's own errors. It also
keeps the venue's clock, because every signed call depends on it.
"""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from exchange_kernel.exchange.budget import AnswerSeen
from exchange_kernel.exchange.ccxt_client import Access, Hooks, new_client, new_session
from exchange_kernel.exchange.classify import Facts, classify_read
from exchange_kernel.exchange.port import ClockReading, ExchangeError, ReadError, SendGate
from exchange_kernel.exchange.profiles.base import Call, Proof
from exchange_kernel.exchange.scrub import Scrubber
from exchange_kernel.exchange.venue_clock import Clocks, Sample
from exchange_kernel.exchange.wire import CURRENT, GateRefused, WireCall, WireMismatch

_T = TypeVar("_T")

# What a reader raises for an answer that is not what it should be.
UNREADABLE = (KeyError, TypeError, ValueError, ArithmeticError, AttributeError)
_CLOCK_TRIES, _GOOD_ROUND_TRIP = 3, 0.5


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
        hooks = Hooks(answered=self._answered, venue_ms=self.venue_ms)
        self._client = new_client(access, hooks)
        key_at = f"{self._client.urls['api'].get('private')}\n{access.credentials['apiKey']}"
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
        venue_ms = await self.parsed(self._profile.clock(), self._profile.read_clock_ms)
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
        """The raw answer; None where the venue says that it knows no such order."""
        await self.settle_clock()
        answer = await self.ask(call)
        if answer.failed is None:
            if answer.raw is None:
                raise ReadError("the venue's answer is empty")
            return answer.raw
        if answer.failed.proof is Proof.NO_SUCH_ORDER:
            return None
        raise classify_read(answer.failed)

    async def read(self, call: Call) -> Any:  # noqa: ANN401 - the venue's JSON
        """The raw answer, or the port's ReadError tree."""
        raw = await self.asked(call)
        if raw is None:
            raise ReadError("the venue does not know what was asked for")
        return raw

    async def parsed(self, call: Call, reader: Callable[[Any], _T]) -> _T:
        """The answer, read by `reader`. Raises the port's ReadError tree."""
        raw = await self.read(call)
        try:
            return reader(raw)
        except UNREADABLE as error:
            raise unreadable(error) from None

    async def ask(self, call: Call, gate: SendGate | None = None) -> Answer:
        """Run one call. Only a cancellation of the running task gets out as an exception."""
        if self._closed:
            return Answer(failed=Facts(started=False, message="the connection to the venue was closed by the operator"))
        if self._session is None:
            self._session = self._client.session = new_session()
        wire = WireCall(gate=gate, expected=call.expected, unchecked=self._profile.unchecked_parameters)
        token = CURRENT.set(wire)
        try:
            return Answer(raw=await getattr(self._client, call.method)(*call.args))
        except Exception as error:  # noqa: BLE001 - whatever it is, the facts of the wire say what it proves
            failed = self._facts(wire, error)
        finally:
            CURRENT.reset(token)
        self._clock_in_doubt |= failed.row is not None and failed.row.reason == "ClockSkew"
        return Answer(failed=failed)

    def _facts(self, wire: WireCall, error: Exception) -> Facts:
        code, words = self._profile.error_of(wire.body)
        return Facts(
            started=wire.started,
            status=wire.status,
            row=self._profile.row(code, words) if code else None,
            code=code,
            message=self._scrub(words or _words_of(error, started=wire.started)),
            retry_after=_retry_after(wire.headers),
            error=tuple(kind.__name__ for kind in type(error).__mro__),
            gate=error.answer if isinstance(error, GateRefused) else None,
            mismatch=self._scrub(str(error)) if isinstance(error, WireMismatch) else None,
        )

    def _answered(self, status: int, headers: Mapping[str, str], body: str) -> None:
        """Tell the budget; a limit of this account alone must not slow the others."""
        code = self._profile.error_of(body)[0] if status >= 400 else ""
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
