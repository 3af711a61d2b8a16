"""Leases (coordination.k8s.io) of the operator's own namespace, each write a compare-and-set."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.errors import Malformed, NotFound
from exchange_kernel.kube.resources import LEASES, Json

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class StoredLease:
    """What is known of one Lease."""

    name: str
    holder: str
    seconds: float
    version: str
    transitions: int = 0


class LeaseStore:
    """Reads and writes Leases."""

    def __init__(self, client: ApiClient, namespace: str) -> None:
        self._client, self._namespace = client, namespace

    async def get(self, name: str) -> StoredLease | None:
        """The Lease, or None where there is none. Raises Unavailable, Forbidden, Malformed."""
        try:
            return _lease(await self._client.get(LEASES, self._namespace, name))
        except NotFound:
            return None

    async def create(self, name: str, holder: str, seconds: float, wall: datetime) -> StoredLease:
        """Create it, held. Raises AlreadyExists when somebody was faster, Unavailable and others."""
        body = self._body(name, holder, seconds, wall, transitions=0)
        return _lease(await self._client.create(LEASES, self._namespace, body))

    async def hold(self, lease: StoredLease, holder: str, seconds: float, wall: datetime) -> StoredLease:
        """Take, renew or (empty holder) give back exactly this version. Raises Conflict, NotFound and others."""
        transitions = lease.transitions + (lease.holder != holder and bool(holder))
        body = self._body(lease.name, holder, seconds, wall, transitions=transitions)
        body["metadata"]["resourceVersion"] = lease.version
        return _lease(await self._client.replace(LEASES, self._namespace, body))

    def _body(self, name: str, holder: str, seconds: float, wall: datetime, *, transitions: int) -> Json:
        return {
            "apiVersion": LEASES.api_version,
            "kind": LEASES.kind,
            "metadata": {"name": name, "namespace": self._namespace},
            "spec": {
                "holderIdentity": holder,
                "leaseDurationSeconds": max(1, round(seconds)),
                "renewTime": wall.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "leaseTransitions": transitions,
            },
        }


def lease_name(namespace: str, account: str) -> str:
    """The Lease's name of an ExchangeAccount: readable, and with a hash where that would be too long."""
    plain = f"account.{namespace}.{account}"
    if len(plain) <= _LONGEST_NAME:
        return plain
    return f"{plain[:_LONGEST_NAME].rstrip('.-')}.{hashlib.sha256(plain.encode()).hexdigest()[:12]}"


def _lease(obj: Json) -> StoredLease:
    try:
        meta, spec = obj["metadata"], obj.get("spec") or {}
        return StoredLease(
            name=meta["name"],
            holder=str(spec.get("holderIdentity") or ""),
            seconds=float(spec.get("leaseDurationSeconds") or 1),
            version=meta["resourceVersion"],
            transitions=int(spec.get("leaseTransitions") or 0),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed(f"a Lease cannot be read ({type(error).__name__})") from None
