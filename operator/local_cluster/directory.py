"""The files of one control plane: prepared before a start, deleted afterwards, under a lock."""

import contextlib
import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from local_cluster.certificates import write_pki
from local_cluster.errors import LocalClusterError
from local_cluster.layout import DEFAULT_DIRECTORY, Layout

STOP_GRACE_SECONDS: Final = 10.0
_LOCK_SECONDS: Final = 120.0


@contextlib.contextmanager
def locked(layout: Layout) -> Iterator[None]:
    """Alone with the folder: nobody else starts or stops something there within the block.

    Raises:
        LocalClusterError: somebody else is at it for minutes.
    """
    try:
        with FileLock(layout.lock, timeout=_LOCK_SECONDS):
            yield
    except Timeout as error:
        raise LocalClusterError(
            f"Another process has been starting or stopping the control plane in {layout.root} for "
            f"{_LOCK_SECONDS:.0f} s. Wait for it, or end it and try again."
        ) from error


def prepare_files(layout: Layout, now: dt.datetime) -> None:
    """Put the logs of the last run aside, and make keys and certificates unless they are there.

    Args:
        layout: the folder.
        now: the current time, with its zone.
    """
    for name in ("etcd", "kube-apiserver"):
        if layout.log(name).exists():
            layout.log(name).replace(layout.logs / f"{name}.log.1")
    if layout.pki.exists():
        return
    # Data without its keys is of no use: whoever holds credentials for it would be refused.
    shutil.rmtree(layout.data, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(dir=layout.root, prefix=".pki."))
    try:
        write_pki(aside, now)
        aside.rename(layout.pki)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def remove_files(layout: Layout) -> None:
    """Delete what a control plane left in its folder, except the logs.

    Args:
        layout: the folder; nothing happens if it is not marked as ours.
    """
    if not layout.is_ours():
        return
    half_written = [path for name in ("state.json", "kubeconfig") for path in layout.root.glob(f".{name}.*")]
    for file in (layout.state, layout.kubeconfig, *half_written):
        file.unlink(missing_ok=True)
    for folder in (layout.pki, layout.users, layout.data, *layout.root.glob(".pki.*")):
        shutil.rmtree(folder, ignore_errors=True)


def down(directory: Path = DEFAULT_DIRECTORY, *, keep_data: bool = False) -> bool:
    """Stop whatever of a control plane runs in a folder; nothing happens if nothing runs there.

    Args:
        directory: the folder.
        keep_data: whether the next start goes on with the same objects, keys and ports. Otherwise all files but the
            logs are deleted.

    Returns:
        Whether something ran.
    """
    layout = Layout(directory.absolute())
    if not layout.is_ours():
        return False
    with locked(layout):
        state = layout.read_state()
        alive = [process for process in state.processes if process.alive()] if state else []
        for process in alive:
            process.stop(STOP_GRACE_SECONDS)
        if not keep_data:
            remove_files(layout)
    return bool(alive)
