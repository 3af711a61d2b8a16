"""Start one process and keep it on a leash: it ends when its owner ends, however that happens.

A killed owner (SIGKILL, out of memory) cannot clean up. So the process is started by this small one, which learns of
the owner's death in two ways: the pipe on its standard input closes, and the owner's number is gone. This works alike
on Linux and macOS; on Linux the kernel moreover ends the process when this one is killed.

With `--detach` the process is left alone and outlives its owner on purpose. With `--owner` and without `--pipe` the
owner is another process than the one that starts this.

The first line of standard output is the number of the started process. This file is run by its path and imports the
standard library only, so that it starts in a few milliseconds and whatever the owner's import path is.
"""

import argparse
import contextlib
import ctypes
import os
import platform
import select
import signal
import subprocess
import sys
from types import FrameType

_OWNER_CHECK_SECONDS = 1.0
_GRACE_SECONDS = 3.0  # the API server cannot end in good order while etcd ends beside it
_PR_SET_PDEATHSIG = 1


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Start one process that ends with its owner.")
    parser.add_argument("--log", required=True, help="file to which the output of the process is appended")
    parser.add_argument("--detach", action="store_true", help="let the process outlive everyone")
    parser.add_argument("--owner", type=int, default=0, help="number of the process whose end ends the started one")
    parser.add_argument("--pipe", action="store_true", help="the end of standard input, too, ends the started process")
    parser.add_argument("command", nargs="+", help="the program and its arguments, after --")
    return parser.parse_args(argv)


def _end_with_this_process() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _start(args: argparse.Namespace) -> subprocess.Popen[bytes]:
    bind = not args.detach and platform.system() == "Linux"
    log = os.open(args.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - the command is the caller's purpose
            args.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_end_with_this_process if bind else None,  # noqa: PLW1509 - there are no threads here
        )
    finally:
        os.close(log)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        # A number that now belongs to another user's process is not our owner any more.
        return False
    return True


class _Guard:
    """Waits for the end of the process, of its owner, or for a signal."""

    def __init__(self, child: subprocess.Popen[bytes], owner: int, *, pipe: bool) -> None:
        self._child = child
        self._owner = owner
        self._stopping = False
        self._wake, write_end = os.pipe()
        os.set_blocking(write_end, False)
        signal.set_wakeup_fd(write_end)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._watched = [self._wake, 0] if pipe else [self._wake]

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _owner_gone(self) -> bool:
        ready, _, _ = select.select(self._watched, [], [], _OWNER_CHECK_SECONDS)
        if self._wake in ready:
            os.read(self._wake, 4096)
        return (0 in ready and not os.read(0, 4096)) or not _exists(self._owner)

    def run(self) -> int:
        while self._child.poll() is None:
            if self._owner_gone() or self._stopping:
                self._end()
        return self._child.returncode

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()
            # A suspended process gets no other signal.
            self._child.send_signal(signal.SIGCONT)
        try:
            self._child.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


def main(argv: list[str]) -> int:
    """Run as a program.

    Args:
        argv: the arguments, without the program's name.

    Returns:
        The exit code of the started process (negative: the signal that ended it), or 0 with `--detach`.
    """
    args = _arguments(argv)
    if not args.pipe and os.fork():
        os._exit(0)  # whoever started this is not its owner, and shall not have to wait for its end
    child = _start(args)
    os.write(1, f"{child.pid}\n".encode())
    if args.detach:
        os._exit(0)  # the process goes on; an orderly exit would warn about that
    return _Guard(child, args.owner, pipe=args.pipe).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
