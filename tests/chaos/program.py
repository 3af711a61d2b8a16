"""The command line of a campaign."""

import argparse
import asyncio
import secrets
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from chaos import plan as planning
from chaos import shrink
from chaos.campaign import Result, run
from chaos.dialects import BINANCE, KRAKEN, Dialect
from support.loopback_only.loopback_guard import Guard

# A Kraken account is allowed about a call per second, so that few orders keep it busy.
DIALECTS: dict[str, tuple[tuple[Dialect, int], ...]] = {
    "binance": ((BINANCE, 1),) * 4,
    "kraken": ((KRAKEN, 1),) * 8,
    "both": (*((BINANCE, 10),) * 4, *((KRAKEN, 1),) * 8),
}
"""The dialect of each account, and its share of the orders."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run campaigns; 0 when all were good."""
    options = _parser().parse_args(arguments)
    if options.seconds <= 0 or options.orders <= 0 or options.faults < 0:
        sys.stderr.write("--seconds and --orders are above zero, --faults is not below it\n")
        return 2
    Guard().install()
    seeds = [int(part) for part in options.seed.split(",")] if options.seed else [secrets.randbelow(10**6)]
    folder = Path(options.folder).absolute()
    results = [asyncio.run(_campaign(seed, options, folder / f"seed-{seed}")) for seed in seeds]
    return 0 if all(results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make chaos CHAOS=...",
        description="Random orders, changes, cancels and deletions while processes are killed and frozen and answers "
        "are lost; at the end both sides are compared. A seed gives the same campaign again.",
    )
    parser.add_argument("--seed", default="", help="one or several, comma-separated (default: a random one)")
    parser.add_argument("--orders", type=int, default=1000, help="OrderIntents (1000)")
    parser.add_argument("--groups", type=int, default=0, help="OrderGroups beside them, on Binance's dialect (0)")
    parser.add_argument("--faults", type=int, default=480, help="faults that are planned (480); most of them strike")
    parser.add_argument("--seconds", type=float, default=330.0, help="over which time (330)")
    parser.add_argument("--dialect", choices=sorted(DIALECTS), default="both", help="of the accounts (both)")
    parser.add_argument("--folder", default=".run/chaos", help="logs and data (.run/chaos)")
    parser.add_argument("--shrink", type=int, default=0, metavar="TRIES", help="look for a smaller failing campaign")
    parser.add_argument("--only-orders", default="", metavar="N,N", help="only these orders of the campaign")
    parser.add_argument("--only-faults", default="", metavar="N,N", help="only these faults of it, or none")
    return parser


async def _campaign(seed: int, options: argparse.Namespace, folder: Path) -> bool:
    dialects, shares = zip(*DIALECTS[options.dialect], strict=True)

    async def attempt(plan: planning.Plan) -> Result:
        shutil.rmtree(folder, ignore_errors=True)
        result = await run(plan, dialects, folder, _say, lease=lease_of(options.dialect))
        _say(report(result))
        return result

    made = planning.make(
        seed,
        orders=options.orders,
        faults=options.faults,
        seconds=options.seconds,
        shares=shares,
        groups=options.groups,
    )
    result = await attempt(made.only(_numbers(options.only_orders), _numbers(options.only_faults)))
    if not result.good and options.shrink:
        _say(f"looking for a smaller campaign that fails, {options.shrink} tries at most")
        result = await shrink.smallest(result, attempt, tries=options.shrink)
    if not result.good:
        size = ["--seed", seed, "--orders", options.orders, "--faults", options.faults, "--seconds", options.seconds]
        words = [*map(str, size), "--dialect", options.dialect, "--groups", str(options.groups)]
        _say(f"again:\n  {shrink.command(result.plan, words, made)}\nlogs: {folder}")
    return result.good


def lease_of(dialect: str) -> float:
    """Both operators act at once where the venue allows it; nonces that must rise allow one at a time."""
    return 0.0 if dialect == "binance" else 6.0


def _numbers(text: str) -> frozenset[int] | None:
    if not text:
        return None
    return frozenset() if text == "none" else frozenset(int(part) for part in text.split(","))


def report(result: Result) -> str:
    """The outcome in words."""
    struck = sum(result.happened.values())
    lines = [
        f"seed {result.plan.seed}: {'good' if result.good else 'FAILED'}",
        f"  {result.seconds:.0f} s in all, settled {result.settled_after:.0f} s after the last fault",
        f"  orders: {len(result.plan.scripts)}; "
        + ", ".join(f"{name} {count}" for name, count in sorted(result.verdict.facts.items())),
        f"  decided by a human: {result.confirmed}",
        f"  faults: {struck}; " + ", ".join(f"{name} {count}" for name, count in sorted(result.happened.items())),
        "  states: " + ", ".join(f"{name} {count}" for name, count in sorted(result.states.items())),
    ]
    lines += [f"  BROKEN PROMISE {finding}" for finding in result.verdict.hurts]
    lines += [f"  not converged  {finding}" for finding in result.verdict.unsettled]
    return "\n".join(lines)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
