"""Addresses on the API server: which kinds the operator touches, and where they live."""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from exchange_kernel.api.meta import GROUP, VERSION

Json: TypeAlias = dict[str, Any]  # one JSON object as the API server speaks it; narrowed by the kind's own module


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind's address. `group` is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str

    @property
    def api_version(self) -> str:
        """The value of the field `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def is_ours(self) -> bool:
        """Whether the schema is this project's (then unknown fields are errors, never dropped in silence)."""
        return self.group == GROUP

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The URL path of a collection, an object or its subresource."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        middle = f"/namespaces/{namespace}" if namespace else ""
        tail = f"/{name}" if name else ""
        return f"{root}{middle}/{self.plural}{tail}{f'/{subresource}' if subresource else ''}"


def _ours(plural: str, kind: str) -> Resource:
    return Resource(GROUP, VERSION, plural, kind)


INTENTS: Final = _ours("orderintents", "OrderIntent")
GROUPS: Final = _ours("ordergroups", "OrderGroup")
ACCOUNTS: Final = _ours("exchangeaccounts", "ExchangeAccount")
ACCOUNT_STATES: Final = _ours("accountstates", "AccountState")
MARKETS: Final = _ours("exchangemarkets", "ExchangeMarket")
ASSETS: Final = _ours("exchangeassets", "ExchangeAsset")
RECEIPTS: Final = _ours("orderreceipts", "OrderReceipt")

SECRETS: Final = Resource("", "v1", "secrets", "Secret")
NAMESPACES: Final = Resource("", "v1", "namespaces", "Namespace")
LEASES: Final = Resource("coordination.k8s.io", "v1", "leases", "Lease")
CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
EVENTS: Final = Resource("", "v1", "events", "Event")
ACCESS_REVIEWS: Final = Resource("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview")
