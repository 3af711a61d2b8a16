"""From a campaign that failed to the smallest one that still does.

Processes and sockets are not deterministic, so a smaller campaign may pass where the larger one failed by chance; what
is left at the end did fail. First the orders: those that the findings name, if that is enough. Then the faults, in
halves, as long as the number of tries lasts.
"""

from collections.abc import Awaitable, Callable, Sequence

from chaos.campaign import Result
from chaos.plan import Plan

Try = Callable[[Plan], Awaitable[Result]]


async def smallest(failed: Result, attempt: Try, *, tries: int) -> Result:
    """The smallest failing campaign that was found.

    Args:
        failed: A result that is not good.
        attempt: Runs a campaign.
        tries: How many campaigns may be run.
    """
    left = tries
    names = {finding.name for finding in (*failed.verdict.hurts, *failed.verdict.unsettled)}
    orders = [script.number for script in failed.plan.scripts if script.name in names]
    if orders and len(orders) < len(failed.plan.scripts) and left:
        left -= 1
        result = await attempt(failed.plan.only(orders=orders))
        failed = failed if result.good else result
    step = max(1, len(failed.plan.faults) // 2)
    while left and failed.plan.faults:
        smaller = await _without_some(failed, attempt, step, left)
        left -= smaller[1]
        if smaller[0] is not None:
            failed, step = smaller[0], max(1, min(step, len(smaller[0].plan.faults) // 2))
        elif step == 1:
            break
        else:
            step = max(1, step // 2)
    return failed


async def _without_some(failed: Result, attempt: Try, step: int, left: int) -> tuple[Result | None, int]:
    """The first failing campaign without `step` of the faults, and how many were tried."""
    numbers = [broken.number for broken in failed.plan.faults]
    used = 0
    for start in range(0, len(numbers), step):
        if used == left:
            break
        used += 1
        result = await attempt(failed.plan.only(faults=numbers[:start] + numbers[start + step :]))
        if not result.good:
            return result, used
    return None, used


def command(plan: Plan, arguments: Sequence[str], whole: Plan) -> str:
    """The command line that runs a narrowed plan again."""
    words = list(arguments)
    if len(plan.scripts) < len(whole.scripts):
        words += ["--only-orders", ",".join(str(script.number) for script in plan.scripts)]
    if len(plan.faults) < len(whole.faults):
        words += ["--only-faults", ",".join(str(broken.number) for broken in plan.faults) or "none"]
    return f'make chaos CHAOS="{" ".join(words)}"'
