"""Who an order is, independent of the object that asked for it.

Deleting and re-applying a manifest, Argo's self-heal, Flux' force or a restore gives the object another uid, and must
still mean the same order. So the identity is made of names alone. Everything that names something at the venue or in
the journal is a pure function of it: after a restart the same names come out again.
"""

import hashlib
import json
from dataclasses import dataclass

from exchange_kernel.api import receipt_parts
from exchange_kernel.api.enums import IdentityKind
from exchange_kernel.api.order_intent import IMMUTABLE_ORDER_FIELDS, OrderIntent

# The first four digits of every client order id that this project makes: with it an order at the venue that no receipt
# knows can be recognised as an operator's, and is not adopted for somebody else.
OWNERSHIP_TAG = "ec0d"
CLIENT_ORDER_ID_LENGTH = 32
RECEIPT_NAME_PREFIX = "or-"


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of an order: `kind` says whether `value` is `spec.intentId` or `metadata.name`."""

    account_namespace: str
    account_name: str
    intent_namespace: str
    kind: IdentityKind
    value: str

    def digest(self, *more: str) -> str:
        """SHA-256 in hex over the parts, each prefixed with its length so that no two tuples join to one text."""
        parts = (self.account_namespace, self.account_name, self.intent_namespace, self.kind.value, self.value, *more)
        text = "".join(f"{len(part.encode())}:{part}" for part in parts)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def receipt_name(self) -> str:
        """The name of the OrderReceipt: the hash is the name, the whole tuple inside is compared on a match."""
        return RECEIPT_NAME_PREFIX + self.digest()


def client_order_id(identity: Identity, revision: int, attempt: int) -> str:
    """The canonical client order id: 32 lower-case hex digits, the ownership tag and 112 bits of the hash.

    `revision` grows with each replacement of the order (an amend), `attempt` with each new try of the same one. The
    form fits every venue's rules after encoding by its profile (`docs/venues`: okx takes 32 alphanumerics at most).
    """
    digest = identity.digest(f"revision {revision}", f"attempt {attempt}")
    return OWNERSHIP_TAG + digest[: CLIENT_ORDER_ID_LENGTH - len(OWNERSHIP_TAG)]


def is_ours(candidate: str) -> bool:
    """Whether a canonical client order id carries this project's tag."""
    return len(candidate) == CLIENT_ORDER_ID_LENGTH and candidate.startswith(OWNERSHIP_TAG)


def identity_of(intent: OrderIntent) -> Identity:
    """The identity of the order that an object asks for: its intentId where it has one, else its name."""
    namespace, account = intent.account_key
    kind, value = IdentityKind.NAME, intent.metadata.name
    if intent.spec.intent_id is not None:
        kind, value = IdentityKind.ID, intent.spec.intent_id
    return Identity(namespace, account, intent.metadata.namespace, kind, value)


def to_record(identity: Identity) -> receipt_parts.Identity:
    """The identity as a receipt holds it."""
    return receipt_parts.Identity(
        account_namespace=identity.account_namespace,
        account_name=identity.account_name,
        intent_namespace=identity.intent_namespace,
        key_kind=identity.kind,
        key=identity.value,
    )


def fingerprint(intent: OrderIntent, first_quantity: str) -> str:
    """Hash of what cannot change about an order: the immutable fields and the first quantity.

    A re-created object with another fingerprint is another wish under a used name, and never gets the old order's
    result (reason `IdentityReused`).
    """
    spec = intent.spec.model_dump(mode="json", by_alias=True, include=set(IMMUTABLE_ORDER_FIELDS))
    parts = (json.dumps(spec, sort_keys=True, separators=(",", ":")), first_quantity)
    return hashlib.sha256("".join(f"{len(part.encode())}:{part}" for part in parts).encode()).hexdigest()
