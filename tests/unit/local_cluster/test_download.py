"""The published archive; a folder plays the server."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from local_cluster.download import MIRROR_VARIABLE, Download
from local_cluster.errors import SourceUnavailableError
from local_cluster.pins import BINARIES, DOWNLOAD_URL
from local_cluster.progress import silent


def archive(folder: Path, names: tuple[str, ...] = BINARIES) -> Path:
    path = folder / "envtest.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name in names:
            content = f"this is {name}".encode()
            member = tarfile.TarInfo(f"controller-tools/envtest/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def download(path: Path, sha512: str | None = None) -> Download:
    checksum = sha512 or hashlib.sha512(path.read_bytes()).hexdigest()
    return Download(path.as_uri(), checksum)


def refusal(source: Download, target: Path) -> str:
    with pytest.raises(SourceUnavailableError) as caught:
        source.make(target, silent)
    return str(caught.value)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def test_the_programs_are_unpacked_and_can_be_executed(tmp_path: Path, target: Path) -> None:
    download(archive(tmp_path)).make(target, silent)

    assert {path.name: path.read_text() for path in target.iterdir()} == {name: f"this is {name}" for name in BINARIES}
    assert all(path.stat().st_mode & 0o111 for path in target.iterdir())


def test_an_archive_that_is_not_the_pinned_one_is_not_unpacked(tmp_path: Path, target: Path) -> None:
    said = refusal(download(archive(tmp_path), sha512="0" * 128), target)

    assert "not the pinned one" in said
    assert not any((target / name).exists() for name in BINARIES)


def test_an_archive_without_a_program_is_refused(tmp_path: Path, target: Path) -> None:
    assert "kubectl" in refusal(download(archive(tmp_path, BINARIES[:2])), target)


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, target: Path) -> None:
    path = tmp_path / "envtest.tar.gz"
    path.write_text("<html>")

    assert "cannot be unpacked" in refusal(download(path), target)


def test_a_server_that_cannot_be_reached_is_named(tmp_path: Path, target: Path) -> None:
    said = refusal(Download((tmp_path / "missing").as_uri(), "0" * 128), target)

    assert "missing cannot be reached" in said


def test_a_platform_without_an_archive_has_no_download(target: Path) -> None:
    assert "no archive for this platform" in refusal(Download.for_platform({}, "linux-riscv64"), target)


def test_a_mirror_replaces_the_address_but_not_the_checksum() -> None:
    original = Download.for_platform({}, "linux-arm64")
    mirrored = Download.for_platform({MIRROR_VARIABLE: "https://mirror.example/envtest/"}, "linux-arm64")

    assert original.url.startswith(DOWNLOAD_URL)
    assert mirrored.url == "https://mirror.example/envtest/envtest-v1.36.2-linux-arm64.tar.gz"
    assert mirrored.sha512 == original.sha512
