"""The command `python -m local_cluster`."""

import argparse
import json
import os
import shlex
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Final

from local_cluster.binaries import provide
from local_cluster.cluster import LocalCluster
from local_cluster.directory import down
from local_cluster.errors import LocalClusterError
from local_cluster.launch import Owner
from local_cluster.layout import DEFAULT_DIRECTORY, Layout
from local_cluster.options import Options

_DESCRIPTION: Final = """\
A real Kubernetes API server on this machine, without containers.

  up       start etcd and kube-apiserver on free ports of the loopback interface, or use the ones that run
  down     stop them and delete their data (the logs stay)
  status   say whether they run, where, and where their logs are
  path     print the folder with etcd, kube-apiserver and kubectl; get them first if need be

There is no controller-manager: no garbage collection, namespaces stay Terminating, and `kubectl create token` is the
way to a service account's token.
"""
_EPILOG: Final = f"""\
examples:
  python -m local_cluster up
  export KUBECONFIG={DEFAULT_DIRECTORY}/kubeconfig
  "$(python -m local_cluster path)/kubectl" get namespaces
  python -m local_cluster down

environment:
  KUBEBUILDER_ASSETS          a folder with etcd, kube-apiserver and kubectl, to be used as they are
  XDG_CACHE_HOME              where the programs are kept (default: ~/.cache)
  LOCAL_CLUSTER_DOWNLOAD_URL  a mirror of the published archives; their checksums are pinned
  GOPROXY, GOFLAGS            as ever, for the build from source where the download is out of reach

exit codes: 0 done (status: it runs), 1 an error that is explained, 3 (status) it does not run
"""
_NOT_RUNNING: Final = 3


def _arguments(argv: list[str]) -> argparse.Namespace:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "local_cluster", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=formatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="up | down | status | path")
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument(
        "--dir", type=Path, default=DEFAULT_DIRECTORY, help="folder of the control plane (default: %(default)s)"
    )
    up = commands.add_parser("up", parents=[place], help="start the control plane, or use the one that runs")
    up.add_argument("--foreground", action="store_true", help="stay, and stop the control plane at the end (Ctrl-C)")
    up.add_argument("--fsync", action="store_true", help="let each write wait for the disk; slower, safe on power loss")
    up.add_argument(
        "--ready-seconds", type=float, default=60.0, help="how long the start may take (default: %(default)s)"
    )
    stop = commands.add_parser("down", parents=[place], help="stop the control plane and delete its data")
    stop.add_argument("--keep-data", action="store_true", help="the next `up` goes on with the same objects and ports")
    status = commands.add_parser("status", parents=[place], help="say what runs")
    status.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("path", help="print the folder with the programs")
    return parser.parse_args(argv)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _say(line: str) -> None:
    # Progress goes to standard error: the output of `path` is read by shells.
    sys.stderr.write(f"local_cluster: {line}\n")
    sys.stderr.flush()


def _up(args: argparse.Namespace) -> int:
    began = time.monotonic()
    owner = Owner.this_process() if args.foreground else Owner.nobody()
    options = Options(fsync=args.fsync, ready_seconds=args.ready_seconds, owner=owner)
    running = LocalCluster.attach(args.dir) is not None
    if args.foreground and running:
        raise LocalClusterError(
            f"A control plane already runs in {args.dir}. Stop it with `down`, or name another --dir."
        )
    cluster = LocalCluster.up(args.dir, options=options, say=_say)
    _print(
        f"The control plane {'already runs' if running else f'runs, after {time.monotonic() - began:.1f} s'}: "
        f"{cluster.server}"
    )
    kubeconfig, programs = shlex.quote(str(cluster.kubeconfig)), shlex.quote(str(cluster.kubectl.parent))
    _print(f"\n  export KUBECONFIG={kubeconfig}\n  export PATH={programs}:$PATH")
    _print(f"  kubectl get namespaces\n\nLogs: {cluster.logs}")
    if args.foreground:
        _print("Ctrl-C stops it.")
        _wait_for_the_end(cluster)
    else:
        where = "" if args.dir == DEFAULT_DIRECTORY else f" --dir {shlex.quote(str(args.dir))}"
        _print(f"Stop it: python -m local_cluster down{where}")
    return 0


def _wait_for_the_end(cluster: LocalCluster) -> None:
    with cluster:
        while cluster.state.alive:
            time.sleep(0.5)
        raise LocalClusterError(f"A process of the control plane ended. The logs are in {cluster.logs}.")


def _down(args: argparse.Namespace) -> int:
    stopped = down(args.dir, keep_data=args.keep_data)
    kept = "its data is kept" if args.keep_data else "its data is deleted, the logs are kept"
    _print(f"The control plane in {args.dir} is stopped; {kept}." if stopped else f"Nothing runs in {args.dir}.")
    return 0


def _why_not_running(directory: Path) -> str:
    state = Layout(directory.absolute()).read_state()
    if state and any(process.alive() for process in state.processes):
        return f"A part of the control plane in {directory} has died. `python -m local_cluster up` repairs it."
    return f"Nothing runs in {directory}. Start it: python -m local_cluster up"


def _status(args: argparse.Namespace) -> int:
    cluster = LocalCluster.attach(args.dir)
    if cluster is None:
        _print('{"running": false}' if args.json else _why_not_running(args.dir))
        return _NOT_RUNNING
    api_server, etcd = (process.pid for process in cluster.state.processes)
    facts = {
        "running": True,
        "server": cluster.server,
        "kubeconfig": str(cluster.kubeconfig),
        "kubectl": str(cluster.kubectl),
        "api-server": api_server,
        "etcd": etcd,
        "logs": str(cluster.logs),
        "detached": cluster.state.detached,
    }
    if args.json:
        _print(json.dumps(facts))
    else:
        for name, fact in facts.items():
            _print(f"{name:<12}{fact}")
    return 0


def _path(_args: argparse.Namespace) -> int:
    _print(str(provide(os.environ, _say).folder))
    return 0


def _terminated(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: the arguments; by default those of the process.

    Returns:
        The exit code: see the epilog of `--help`.
    """
    args = _arguments(sys.argv[1:] if argv is None else argv)
    signal.signal(signal.SIGTERM, _terminated)
    commands = {"up": _up, "down": _down, "status": _status, "path": _path}
    try:
        return commands[args.command](args)
    except LocalClusterError as error:
        _say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        _say("stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main())
