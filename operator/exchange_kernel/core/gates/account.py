"""What the account must be before an order is sent on it."""

from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.gates.stop import Stop, deny, wait
from exchange_kernel.core.view import View


def exists(view: View) -> Stop | None:
    """An account that is not there yet is waited for."""
    if view.account.exists:
        return None
    namespace, name = view.intent.account_key
    return wait(Reason.ACCOUNT_NOT_FOUND, f"there is no ExchangeAccount {namespace}/{name}; create it", 10.0)


def terminating(view: View) -> Stop | None:
    """A terminating account only cancels."""
    if not view.account.terminating:
        return None
    return wait(Reason.TERMINATING, "the ExchangeAccount is being deleted; its orders are only canceled")


def namespace_allowed(view: View) -> Stop | None:
    """The account's owner says who may use it."""
    if view.account.allowed:
        return None
    namespace, name = view.intent.account_key
    if view.account.allowed is None:
        own = view.intent.metadata.namespace
        return wait(
            Reason.ACCOUNT_NOT_READY,
            f"ExchangeAccount {namespace}/{name} allows namespaces by their labels, and those of {own} are being read; "
            "the operator needs the right to get namespaces",
            5.0,
        )
    return deny(
        Reason.NAMESPACE_NOT_ALLOWED,
        f"ExchangeAccount {namespace}/{name} does not allow namespace {view.intent.metadata.namespace}; "
        "its owner can add it to spec.allowedNamespaces",
    )


def markets_known(view: View) -> Stop | None:
    """Before the markets were read nothing can be judged; the account says why."""
    if view.account.rules is not None and view.account.markets:
        return None
    problem = view.account.problem
    return wait(Reason.ACCOUNT_NOT_READY, problem.message if problem else "the account's markets are being read", 5.0)


def unchanged(view: View) -> Stop | None:
    """The account must be ready, and the same at the venue as before."""
    problem = view.account.problem
    if problem is None:
        return None
    reason = Reason.ACCOUNT_CHANGED if problem.reason == Reason.ACCOUNT_CHANGED else Reason.ACCOUNT_NOT_READY
    return wait(reason, f"the account is not ready ({problem.reason}): {problem.message}", 10.0)


def journal(view: View) -> Stop | None:
    """Only the installation whose journal the account belongs to creates orders."""
    problem = view.account.journal_problem
    return None if problem is None else wait(Reason.JOURNAL_FOREIGN, problem.message)
