"""What can go wrong, as a tree; every message says what to do about it.

LocalClusterError
├── SourceUnavailableError    one source of binaries does not work here; the next one is tried
├── NoBinariesError           no source works, or the binaries found are not usable
├── DiskFullError             the disk is full, or too small for what was about to start
├── StartError                etcd or the API server does not start (the log is named and quoted)
│   └── PortTakenError        another process took the port between choosing and binding it
├── NotRunningError           something was asked of a control plane that does not run
└── KubectlError              kubectl ended with an error
"""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path


class LocalClusterError(Exception):
    """The root of all errors of this package."""


class SourceUnavailableError(LocalClusterError):
    """One source of binaries does not work on this machine."""


class NoBinariesError(LocalClusterError):
    """There are no usable binaries."""


class DiskFullError(LocalClusterError):
    """There is not enough room on a disk."""


class StartError(LocalClusterError):
    """A process of the control plane did not come up."""


class PortTakenError(StartError):
    """The chosen port was taken by someone else before our process could bind it."""


class NotRunningError(LocalClusterError):
    """The control plane does not run."""


class KubectlError(LocalClusterError):
    """kubectl ended with an error; the message is what it said."""


@contextlib.contextmanager
def explaining_full_disk(where: Path) -> Iterator[None]:
    """Turn the operating system's "no space left" into a message that names the folder.

    Args:
        where: the folder that is being written.

    Raises:
        DiskFullError: the disk or the user's quota is used up.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise DiskFullError(f"No space left while writing to {where}. Free some space there and try again.") from error
