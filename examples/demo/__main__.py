"""`python -m demo run | up | down`; the make targets of the same names call it."""

import argparse
import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Final

from demo import scenes
from demo.errors import DemoError
from demo.stack import REPOSITORY, Stack
from demo.terminal import Terminal
from local_cluster import LocalCluster, LocalClusterError
from local_cluster.launch import Owner

RUN: Final = REPOSITORY / ".run"
DEMO: Final = RUN / "demo"
# Held by this stack as long as somebody works with it; `make demo` has its own.
FOLDERS: Final = {"run": DEMO, "up": RUN, "down": RUN}


def main() -> int:
    """Entry point. Returns 0 when all went as it should, 1 when not, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("command", choices=tuple(FOLDERS))
    command = parser.parse_args().command
    signal.signal(signal.SIGTERM, _interrupted)
    signal.signal(signal.SIGHUP, _interrupted)
    terminal = Terminal()
    try:
        return {"run": _run, "up": _up, "down": _down}[command](terminal)
    except (DemoError, LocalClusterError) as error:
        terminal.bad(str(error))
        terminal.say(f"The logs: {_logs(FOLDERS[command])}")
        return 1
    except KeyboardInterrupt:
        terminal.bad("stopped")
        return 130


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(terminal: Terminal) -> int:
    if LocalCluster.attach(DEMO / "control-plane") is not None:
        raise DemoError("A demo runs already; wait for its end.")
    shutil.rmtree(DEMO, ignore_errors=True)
    stack = Stack(DEMO, Owner.this_process(), terminal)
    try:
        _start(stack, terminal)
        scenes.kinds_and_account(stack, terminal)
        scenes.a_limit_order_rests(stack, terminal)
        scenes.market_orders_are_filled(stack, terminal)
        scenes.deleting_cancels(stack, terminal)
        scenes.bad_manifests_are_refused(stack, terminal)
        scenes.killed_in_the_middle_of_placing(stack, terminal)
        scenes.a_bracket_protects_and_takes_its_profit(stack, terminal)
        scenes.a_strategy_buys_through_the_interface(stack, terminal)
        same = scenes.both_sides_agree(stack, terminal)
    finally:
        _clean_up(stack)
    terminal.say(f"All processes have ended. {terminal.seconds:.0f} s. The logs: {_logs(DEMO)}")
    terminal.say("The same to play with: make up")
    return 0 if same else 1


def _clean_up(stack: Stack) -> None:
    # A second Ctrl-C must not leave processes behind.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    stack.stop()


def _up(terminal: Terminal) -> int:
    ran = LocalCluster.attach(RUN / "control-plane") is not None
    stack = Stack(RUN, Owner.nobody(), terminal)
    try:
        said = _start(stack, terminal)
        scenes.kinds_and_account(stack, terminal)
        stack.kubectl("apply", "-f", "examples/rbac/strategy.yaml")
    except BaseException:
        if not ran:
            _clean_up(stack)
        raise
    _hints(stack, terminal, f"http://127.0.0.1:{said['probePort']}")
    return 0


def _down(terminal: Terminal) -> int:
    stopped = Stack(RUN, Owner.nobody(), terminal).stop()
    terminal.say(f"Stopped. The logs stay: {_logs(RUN)}" if stopped else "Nothing runs.")
    return 0


def _start(stack: Stack, terminal: Terminal) -> dict[str, object]:
    terminal.section("A control plane, a venue, the operator")
    stack.start_cluster(terminal.say)
    terminal.say(f"etcd and kube-apiserver   {stack.cluster.server}   after {terminal.seconds:.1f} s")
    stack.start_venue()
    stack.venue_service.wait_ready()
    terminal.say(f"paper exchange            {stack.venue.url}    after {terminal.seconds:.1f} s")
    stack.install()
    said = stack.start_operator()
    terminal.say(f"operator, ready           holder {said['holder']}    after {terminal.seconds:.1f} s")
    return said


def _hints(stack: Stack, terminal: Terminal, probes: str) -> None:
    terminal.section("Yours to try")
    terminal.say(f"export KUBECONFIG={stack.cluster.kubeconfig}")
    terminal.say(f"export PATH={stack.cluster.kubectl.parent}:$PATH")
    terminal.say("")
    for line in (
        "kubectl apply -f examples/10-limit-buy.yaml",
        "kubectl get orderintents -n strategy-demo -w",
        "kubectl describe orderintent/limit-buy -n strategy-demo",
        "kubectl get accountstates -n trading-accounts -o yaml",
        "kubectl explain orderintent.spec",
        "kubectl delete orderintent/limit-buy -n strategy-demo",
        f"curl {probes}/metrics",
        "make down",
    ):
        terminal.say(line)
    terminal.say("")
    terminal.say(f"The logs: {_logs(stack.folder)}")


def _logs(folder: Path) -> str:
    """Operator and venue; etcd and kube-apiserver."""
    return f"{os.path.relpath(folder / 'logs')}, {os.path.relpath(folder / 'control-plane/logs')}"


if __name__ == "__main__":
    sys.exit(main())
