import re

import pytest

from local_cluster.build import MODULES, TARGETS, linker_flags
from local_cluster.pins import (
    ARCHIVE_SHA512,
    BINARIES,
    DOWNLOAD_URL,
    ETCD_VERSION,
    KUBERNETES_VERSION,
    MINIMUM_GO,
    platform_key,
)


@pytest.mark.parametrize(
    ("system", "machine", "key"),
    [
        ("Linux", "x86_64", "linux-amd64"),
        ("Linux", "aarch64", "linux-arm64"),
        ("Darwin", "arm64", "darwin-arm64"),
        ("Darwin", "x86_64", "darwin-amd64"),
        ("Linux", "riscv64", "linux-riscv64"),
    ],
)
def test_a_platform_has_gos_name(system: str, machine: str, key: str) -> None:
    assert platform_key(system, machine) == key


def test_the_sources_that_are_built_are_of_the_versions_that_are_downloaded() -> None:
    kubernetes = (MODULES / "kubernetes" / "go.mod").read_text()
    etcd = (MODULES / "etcd" / "go.mod").read_text()

    assert re.search(rf"^\tk8s.io/kubernetes {KUBERNETES_VERSION} ", kubernetes, re.MULTILINE)
    assert re.search(rf"^\tgo.etcd.io/etcd/server/v3 {ETCD_VERSION} ", etcd, re.MULTILINE)
    assert KUBERNETES_VERSION in DOWNLOAD_URL


def test_every_staging_module_is_replaced_by_the_release_of_this_version() -> None:
    go_mod = (MODULES / "kubernetes" / "go.mod").read_text()
    staging = KUBERNETES_VERSION.replace("v1.", "v0.")

    # Kubernetes itself requires them at v0.0.0, which does not exist outside its own repository.
    required = set(re.findall(r"^\t(k8s\.io/\S+) v0\.0\.0 ", go_mod, re.MULTILINE))
    replaced = set(re.findall(rf"^\t(k8s\.io/\S+) => \1 {re.escape(staging)}$", go_mod, re.MULTILINE))

    assert replaced
    assert required <= replaced
    assert set(re.findall(r"=> \S+ (\S+)$", go_mod, re.MULTILINE)) == {staging}


def test_the_toolchain_that_is_asked_for_is_the_one_that_the_modules_need() -> None:
    wanted = re.search(r"^go (\d+)\.(\d+)", (MODULES / "kubernetes" / "go.mod").read_text(), re.MULTILINE)

    assert wanted is not None
    assert tuple(int(part) for part in wanted.groups()) == MINIMUM_GO


def test_every_program_is_built_and_every_archive_has_a_whole_checksum() -> None:
    assert tuple(target.name for target in TARGETS) == BINARIES
    assert all(re.fullmatch(r"[0-9a-f]{128}", checksum) for checksum in ARCHIVE_SHA512.values())
    assert len(set(ARCHIVE_SHA512.values())) == 4


def test_the_version_is_stamped_into_server_and_client() -> None:
    flags = linker_flags("v1.36.2")

    assert "-X k8s.io/component-base/version.gitVersion=v1.36.2" in flags
    assert "-X k8s.io/component-base/version.gitMinor=36" in flags
    assert "-X k8s.io/client-go/pkg/version.gitVersion=v1.36.2" in flags
