import pytest

from local_cluster.pytest_plugin import KUBECONFIG_VARIABLE, needs_programs

OTHER = {KUBECONFIG_VARIABLE: "/kubeconfig"}


@pytest.mark.parametrize(
    ("fixtures", "environ", "needed"),
    [
        ({"tmp_path"}, {}, False),
        ({"tmp_path", "control_plane"}, {}, True),
        ({"control_plane"}, OTHER, False),
        ({"control_plane", "own_control_plane"}, OTHER, True),
        ({"own_control_plane"}, {KUBECONFIG_VARIABLE: ""}, True),
    ],
)
def test_the_programs_are_got_before_the_tests_that_start_them(
    fixtures: set[str], environ: dict[str, str], needed: bool
) -> None:
    assert needs_programs(fixtures, environ) is needed
