from pathlib import Path

import pytest

from local_cluster.__main__ import main
from local_cluster.layout import Layout
from local_cluster.pins import BINARIES


@pytest.mark.parametrize("arguments", [["down"], ["status"]])
def test_a_folder_where_nothing_ever_ran_is_not_created(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    folder = tmp_path / "control-plane"

    code = main([*arguments, "--dir", str(folder)])

    assert f"Nothing runs in {folder}" in capsys.readouterr().out
    assert code == (3 if arguments == ["status"] else 0)
    assert not folder.exists()


def test_down_does_not_delete_files_that_are_not_ours(tmp_path: Path) -> None:
    (tmp_path / "etcd").mkdir()
    (tmp_path / "kubeconfig").touch()

    assert main(["down", "--dir", str(tmp_path)]) == 0

    assert sorted(path.name for path in tmp_path.iterdir()) == ["etcd", "kubeconfig"]


def test_the_path_is_all_that_a_shell_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in BINARIES:
        (tmp_path / name).touch()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))

    assert main(["path"]) == 0

    assert capsys.readouterr().out == f"{tmp_path}\n"


def test_an_error_is_one_message_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))

    assert main(["up", "--dir", str(tmp_path / "control-plane")]) == 1

    said = capsys.readouterr().err
    assert said.startswith("local_cluster: error: KUBEBUILDER_ASSETS names")
    assert "Traceback" not in said


def test_help_names_every_command_and_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    said = capsys.readouterr().out
    assert all(
        word in said for word in ("up", "down", "status", "path", "KUBEBUILDER_ASSETS", "XDG_CACHE_HOME", "GOPROXY")
    )


def test_down_also_deletes_what_a_killed_process_left_half_written(tmp_path: Path) -> None:
    folder = tmp_path / "control-plane"
    Layout(folder).create()
    for name in (".pki.abc", "etcd", "users"):
        (folder / name).mkdir()
    for name in (".state.json.abc", ".kubeconfig.abc", "state.json"):
        (folder / name).write_text("{")

    assert main(["down", "--dir", str(folder)]) == 0

    assert sorted(path.name for path in folder.iterdir()) == [".local-cluster", "lock", "logs"]
