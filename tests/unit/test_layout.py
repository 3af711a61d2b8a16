"""Rules of the tree that no linter knows."""

import operator
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
OPERATOR = REPOSITORY / "operator"
PACKAGES = ("exchange_kernel", "paper_exchange", "local_cluster")
TARGETS = ("help", "demo", "up", "down", "test", "check", "unit", "bench", "crds", "clean")
# Hosts of package registries; assembled, so that this file does not name them.
REGISTRIES = tuple(".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("proxy", "golang", "org")))
CLOCK_READS = re.compile(r"\b(?:now|utcnow|today)\(|\bperf_counter\b|\buuid[14]\b")


def sources(package: str) -> list[Path]:
    return sorted((OPERATOR / package).rglob("*.py"))


def tracked() -> list[Path]:
    """Files that belong to the repository; without Git, all but what make and the tools leave."""
    git = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=False)  # noqa: S607 - whichever git there is
    if git.returncode == 0:
        return [path for name in git.stdout.split("\0") if name and (path := REPOSITORY / name).is_file()]
    return [path for folder in (*PACKAGES,) for path in sources(folder)]


def test_the_folder_operator_is_no_package() -> None:
    assert not (OPERATOR / "__init__.py").exists()


def test_import_operator_is_the_standard_library() -> None:
    assert operator.__file__ is not None
    assert Path(operator.__file__).parent == Path(sysconfig.get_path("stdlib"))


def test_import_operator_is_the_standard_library_at_the_root_of_the_repository() -> None:
    code = "import operator, sys; sys.exit(operator.add(1, 2) != 3)"
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{OPERATOR}"}
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, env=environment, check=False).returncode == 0


@pytest.mark.parametrize("package", PACKAGES)
def test_each_folder_with_modules_is_a_package_with_words_about_it(package: str) -> None:
    folders = {path.parent for path in sources(package)}
    silent = [
        folder for folder in folders if not (folder / "__init__.py").read_text(encoding="utf-8").startswith('"""')
    ]
    assert silent == []


@pytest.mark.parametrize("layer", ["api", "core"])
def test_decisions_read_no_clock_and_draw_no_ids(layer: str) -> None:
    readers = [
        path.name
        for path in (OPERATOR / "exchange_kernel" / layer).rglob("*.py")
        if CLOCK_READS.search(path.read_text(encoding="utf-8"))
    ]
    assert readers == []


def test_no_file_names_a_package_registry() -> None:
    # The lock pins hashes; where the files come from is the business of whoever installs them.
    texts = {path: path.read_bytes() for path in tracked()}
    naming = [path.name for path, text in texts.items() if any(host.encode() in text for host in REGISTRIES)]
    assert naming == []


def test_each_pinned_library_has_a_hash() -> None:
    for name in ("runtime.txt", "dev.txt"):
        lines = (REPOSITORY / "requirements" / name).read_text(encoding="utf-8").splitlines()
        pins = [number for number, line in enumerate(lines) if re.match(r"[a-z0-9]", line)]
        assert pins
        assert all("==" in lines[number] and "--hash=sha256:" in lines[number + 1] for number in pins)


def test_what_runs_is_pinned_alike_for_users_and_developers() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9][^ ]*==[^ ]+", (REPOSITORY / "requirements" / name).read_text(), re.MULTILINE))

    assert pins("runtime.txt") <= pins("dev.txt")


@pytest.mark.parametrize("target", TARGETS)
def test_make_offers_each_stable_target_with_a_line_of_help(target: str) -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:.*## \S", makefile, re.MULTILINE)


def test_continuous_integration_runs_make_test() -> None:
    script = REPOSITORY / ".ci/run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text(encoding="utf-8")
