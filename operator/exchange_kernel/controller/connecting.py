"""Opening the session of an account, and naming what stands in the way.

Everything that can be wrong (the endpoint, the profile, the Secret, the key, the clock, the network) becomes one
`Problem` with a message that says what to do; other accounts are not affected.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from exchange_kernel.api.credentials import CredentialsError
from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.reasons import Reason
from exchange_kernel.controller.context import Context
from exchange_kernel.core.account import SKEW_LIMIT_MILLISECONDS, SessionFacts
from exchange_kernel.core.account_facts import Problem
from exchange_kernel.core.venue_rules import Market
from exchange_kernel.exchange.account import Credentials, Venue
from exchange_kernel.exchange.port import (
    ClockReading,
    CredentialsRefused,
    ExchangeError,
    ProfileMissing,
    RateLimited,
)
from exchange_kernel.exchange.session import AccountSession
from exchange_kernel.kube.accounts import AccountSecret
from exchange_kernel.kube.errors import Forbidden, KubeError, NotFound

NO_MARKETS: Mapping[str, Market] = {}


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that is ready for use, with what it has found out."""

    session: AccountSession
    secret: AccountSecret
    facts: SessionFacts
    markets: Mapping[str, Market]


class NotOpened(Exception):
    """The session could not be opened; `facts` say why."""

    def __init__(self, facts: SessionFacts) -> None:
        super().__init__(facts.problem.message if facts.problem else "not opened")
        self.facts = facts


async def open_session(context: Context, account: ExchangeAccount, secret: AccountSecret) -> Opened:
    """Open the session, learn the clock, the markets and who we are. Raises NotOpened."""
    _check_endpoint(context, account)
    session = _session(context, account, secret)
    try:
        return await _learn(session, secret)
    except ExchangeError as error:
        await session.close()
        raise NotOpened(problem_of(SessionFacts(), error)) from error
    except BaseException:
        await session.close()
        raise


async def _learn(session: AccountSession, secret: AccountSecret) -> Opened:
    clock = await session.read_clock()
    markets = await session.load_markets()
    identity = await session.identify()
    facts = SessionFacts(
        connected=True,
        authenticated=True,
        venue_account_id=identity.venue_account_id,
        can_trade=identity.can_trade,
        rules=session.rules,
        markets=len(markets),
    )
    return Opened(session, secret, with_clock(facts, clock), markets)


def with_clock(facts: SessionFacts, clock: ClockReading) -> SessionFacts:
    """The facts with a new reading of the clocks."""
    return replace(
        facts,
        skew_milliseconds=-round(clock.skew_seconds * 1000),
        round_trip_milliseconds=round(clock.round_trip_seconds * 1000),
    )


def problem_of(facts: SessionFacts, error: ExchangeError) -> SessionFacts:
    """The facts after a call to the venue failed."""
    match error:
        case CredentialsRefused():
            problem = Problem(Reason.AUTHENTICATION_FAILED, f"{error}; put a valid API key into the Secret")
            return replace(facts, connected=True, authenticated=False, problem=problem)
        case ProfileMissing():
            return replace(facts, connected=False, problem=Problem(Reason.UNSUPPORTED_EXCHANGE, str(error)))
        case RateLimited():
            return replace(facts, problem=Problem(Reason.RATE_LIMITED, str(error)))
        case _:
            return replace(facts, connected=False, problem=Problem(Reason.VENUE_UNREACHABLE, str(error)))


def skew_is_large(facts: SessionFacts) -> bool:
    """Whether the clocks differ so much that it is worth saying (requests are signed by the venue's clock anyway)."""
    return facts.skew_milliseconds is not None and abs(facts.skew_milliseconds) > SKEW_LIMIT_MILLISECONDS


def _check_endpoint(context: Context, account: ExchangeAccount) -> None:
    endpoint = account.spec.endpoint
    if endpoint is None or endpoint.rstrip("/") in context.settings.endpoints:
        return
    allowed = ", ".join(sorted(context.settings.endpoints)) or "none"
    raise _not_opened(
        Reason.ENDPOINT_NOT_ALLOWED,
        f"the operator's settings do not allow the endpoint {endpoint} (allowed: {allowed}); add it to "
        "--allowed-endpoints, or create an account without an endpoint",
    )


async def read_secret(context: Context, account: ExchangeAccount) -> AccountSecret:
    """Read the account's key. Raises NotOpened."""
    namespace, name = account.metadata.namespace, account.spec.credentials_secret_ref.name
    try:
        return await context.stores.secrets.get(namespace, name)
    except NotFound:
        message = f"there is no Secret {namespace}/{name}; create it with type exchangekernel.dev/credentials"
        raise _not_opened(Reason.SECRET_NOT_FOUND, message) from None
    except Forbidden:
        message = f"the operator may not read Secret {namespace}/{name}; give it the right to get it"
        raise _not_opened(Reason.SECRET_NOT_FOUND, message) from None
    except CredentialsError as error:
        raise _not_opened(Reason.SECRET_MALFORMED, str(error)) from None
    except KubeError as error:
        raise _not_opened(Reason.CONNECTING, f"the Secret cannot be read now: {error}") from None


def _session(context: Context, account: ExchangeAccount, secret: AccountSecret) -> AccountSession:
    spec, key = account.spec, secret.credentials
    credentials = Credentials(
        key.api_key.get_secret_value(),
        key.secret.get_secret_value(),
        key.password.get_secret_value() if key.password else "",
    )
    venue = Venue(
        spec.exchange,
        spec.market_type,
        spec.endpoint or "",
        sandbox=spec.sandbox,
        limit_factor=spec.rate_limit_factor,
    )
    try:
        return context.open_exchange(venue, credentials)
    except ProfileMissing as error:
        raise _not_opened(Reason.UNSUPPORTED_EXCHANGE, str(error)) from None


def _not_opened(reason: Reason, message: str) -> NotOpened:
    return NotOpened(SessionFacts(problem=Problem(reason, message)))
