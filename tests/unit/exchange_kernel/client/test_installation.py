import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parents[4]
CODE = "import sys, exchange_kernel.client.kernel; print(*{name.partition('.')[0] for name in sys.modules})"
CONTEXT = {"cluster": "a", "user": "a"}
CONNECTED = """
import sys
from exchange_kernel.client.cluster import Address, Clocks, Cluster
Cluster.open(Address("main"), 1.0, Clocks())
print("kubernetes" in sys.modules)
"""
WITHOUT = """
import sys
sys.modules |= dict.fromkeys(["kopf", "ccxt", "prometheus_client"])
import exchange_kernel.__main__
"""


def names(requirements: list[str]) -> set[str]:
    found = {re.split(r"[<>=\[ ]", line)[0].replace("-", "_") for line in requirements}
    return (found - {"pyyaml"}) | ({"yaml"} if "pyyaml" in found else set())


def test_strategies_import_nothing_that_only_the_operator_installs() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extra = names(project["optional-dependencies"]["operator"])
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert {"aiohttp", "pydantic"} <= imported
    assert {"ccxt", "kopf"} <= extra
    assert imported & extra == set()
    assert "kubernetes" not in imported, "it is slow to import, and needed for an unusual kubeconfig only"


def test_a_plain_kubeconfig_is_read_without_the_heavy_package(tmp_path: Path) -> None:
    parts = (("cluster", {"server": "https://api.example"}), ("user", {"token": "t"}), ("context", CONTEXT))
    config: dict[str, object] = {f"{kind}s": [{"name": "a", kind: said}] for kind, said in parts}
    (tmp_path / "config").write_text(json.dumps(config | {"current-context": "a"}))
    environ = {**os.environ, "KUBECONFIG": str(tmp_path / "config")}
    done = subprocess.run([sys.executable, "-c", CONNECTED], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.strip() == "False"


def test_the_operator_without_its_libraries_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "exchange-kernel-operator[operator]" in done.stderr
