"""Errors of the API server as the interface's: the one place where they are translated."""

import re

from exchange_kernel.client.errors import (
    ExchangeError,
    FieldError,
    KernelError,
    KernelUnavailableError,
    NotFoundError,
    Outcome,
    Source,
    ValidationError,
)
from exchange_kernel.kube.errors import (
    BadConnection,
    Conflict,
    Forbidden,
    Invalid,
    KubeError,
    NotFound,
    Unauthorized,
)

_KINDS = "Invalid value|Required value|Unsupported value|Too long|Forbidden"
_FIELD = re.compile(rf"(spec[\w.\[\]\"-]*): ({_KINDS})[^:]*: ?([^,\n]*)")


def translate(error: KubeError, *, kind: str, name: str) -> KernelError:
    """What an error of the API server means to a strategy.

    Args:
        error: As the API server gave it.
        kind: Intent, Group, Symbol, Asset, Account: what was asked for.
        name: Its name.
    """
    intent_id, group_id = (name if kind == wanted else None for wanted in ("Intent", "Group"))
    match error:
        case Invalid():
            return ValidationError(
                str(error),
                errors=fields_of(str(error)),
                source=Source.ADMISSION,
                intent_id=intent_id,
                group_id=group_id,
            )
        case NotFound():
            return NotFoundError(kind, name)
        case Forbidden() | Unauthorized() | BadConnection():
            reason = type(error).__name__
            return ExchangeError(
                str(error), outcome=Outcome.NOT_PLACED, reason=reason, intent_id=intent_id, group_id=group_id
            )
        case Conflict():
            return ExchangeError(
                str(error),
                outcome=Outcome.NOT_PLACED,
                reason="Conflict",
                retryable=True,
                intent_id=intent_id,
                group_id=group_id,
            )
        case _:
            return KernelUnavailableError(
                f"{error}; repeat with the same id, it is the same order", intent_id=intent_id, group_id=group_id
            )


def fields_of(message: str) -> tuple[FieldError, ...]:
    """The mistakes that a refusal of the API server lists; the whole of it where it lists none."""
    listed = _FIELD.findall(message)
    found = tuple(FieldError(field, reason.replace(" ", ""), said.strip()) for field, reason, said in listed)
    return found or (FieldError("", "Invalid", message),)
