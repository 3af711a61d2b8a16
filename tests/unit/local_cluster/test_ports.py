from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_cluster.ports import choose, first_ephemeral_port


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - chooses ports, not secrets


@settings(max_examples=50, derandomize=True, deadline=None)
@given(seed=st.integers(), first_ephemeral=st.integers(21_000, 65_535))
def test_ports_lie_below_the_range_that_clients_get(seed: int, first_ephemeral: int) -> None:
    ports = choose(3, seeded(seed), first_ephemeral, lambda _: True)

    assert len(set(ports)) == 3
    assert all(20_000 <= port < min(first_ephemeral, 30_000) for port in ports)


def test_taken_ports_are_passed_over() -> None:
    free = {20_500, 21_500}

    assert set(choose(2, seeded(1), 32_768, free.__contains__)) == free


def test_a_machine_that_gives_clients_nearly_all_ports_still_finds_some() -> None:
    assert len(choose(3, seeded(1), 1_024, lambda _: True)) == 3


def test_a_machine_without_free_ports_is_told_so() -> None:
    with pytest.raises(OSError, match="No 3 free ports between 20000 and 30000"):
        choose(3, seeded(1), 32_768, lambda _: False)


@pytest.mark.parametrize(("content", "first"), [("32768\t60999\n", 32_768), ("", 49_152), ("x y", 49_152)])
def test_the_range_of_clients_is_the_kernels_or_ianas(tmp_path: Path, content: str, first: int) -> None:
    setting = tmp_path / "ip_local_port_range"
    setting.write_text(content)

    assert first_ephemeral_port(setting) == first


def test_a_system_without_that_setting_uses_ianas_range(tmp_path: Path) -> None:
    assert first_ephemeral_port(tmp_path / "missing") == 49_152
