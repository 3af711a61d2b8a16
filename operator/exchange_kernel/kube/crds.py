"""Are the kinds installed, in the version that this operator speaks? Asked once, at start.

The operator does not install them: that would need the right to change any kind of the cluster.
"""

from collections.abc import Iterable

from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.errors import KubeError, NotFound
from exchange_kernel.kube.resources import Json, Resource


class KindsMissing(KubeError):
    """The kinds are not installed, or not in our version; the message says what to apply."""


async def check_kinds(client: ApiClient, kinds: Iterable[Resource]) -> None:
    """Make sure that the API server serves these kinds.

    Discovery is asked, not the CustomResourceDefinitions: everybody may read it, so that the operator needs no right
    on CRDs, and it tells what is served, not only what is stored.

    Raises:
        KindsMissing: At least one is not served; all that are missing are named.
        Unavailable: The API server cannot be reached.
    """
    missing: list[str] = []
    served: dict[tuple[str, str], frozenset[str]] = {}
    for kind in kinds:
        version = (kind.group, kind.version)
        if version not in served:
            served[version] = await _served_by(client, *version)
        if kind.plural not in served[version]:
            missing.append(f"{kind.plural}.{kind.group}/{kind.version}")
    if missing:
        raise KindsMissing(
            f"the API server does not serve {', '.join(missing)}: install the kinds of this version with "
            "`kubectl apply --server-side -f crds/`"
        )


async def _served_by(client: ApiClient, group: str, version: str) -> frozenset[str]:
    try:
        return plurals_of(await client.discover(group, version))
    except NotFound:
        return frozenset()


def plurals_of(discovery: Json) -> frozenset[str]:
    """The kinds of one version that discovery lists, by plural, subresources left out."""
    return frozenset(str(each["name"]) for each in discovery.get("resources", []) if "/" not in each["name"])
