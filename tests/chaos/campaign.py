"""One campaign: the plan is carried out, the dust settles, and both sides are compared."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.dialects import Dialect, says
from chaos.group_plan import GroupScript
from chaos.plan import Amend, Broken, Cancel, Create, Delete, Drift, Plan, Script
from chaos.scene import Scene
from chaos.verdict import Picture, Verdict, judge
from exchange_kernel.api.meta import ANNOTATION_CONFIRM
from exchange_kernel.kube.errors import NotFound
from exchange_kernel.kube.resources import GROUPS, INTENTS, RECEIPTS

Json = Mapping[str, Any]
Say = Callable[[str], None]

# From the last fault to convergence: the fence of an unknown outcome (23 s here) for a request that was sent at the
# very end, an answer that waits for its time-out before it, and a second attempt after it.
SETTLES_WITHIN = 180.0
# After its last act: users wait for objects that go only when the outcome of a request is known.
ENDS_WITHIN = 240.0
# Longer than any request of the campaign can be under way: what is not at the venue by then does not get there.
HUMAN_AFTER = 25.0
_PROGRESS = 15.0
_CONFIRM = re.compile(re.escape(ANNOTATION_CONFIRM) + r"=(\S+)")


@dataclass
class Result:
    """What a campaign has shown."""

    plan: Plan
    verdict: Verdict
    happened: Counter[str]
    seconds: float
    settled_after: float
    states: Counter[str] = field(default_factory=Counter)
    confirmed: int = 0

    @property
    def good(self) -> bool:
        return self.verdict.good


async def run(plan: Plan, dialects: tuple[Dialect, ...], folder: Path, say: Say, *, lease: float) -> Result:
    """Carry a plan out and judge its end.

    Args:
        plan: What happens.
        dialects: The venue dialect of each account.
        folder: Where all files go; a new one.
        say: Told how it goes.
        lease: Seconds that an operator's lease of an account lasts; 0: none, so that both act at once.
    """
    began = time.monotonic()
    async with Scene(folder, dialects, lease) as scene:
        acting = "one operator per account at a time" if lease else "both operators on all accounts"
        what = f"{len(plan.scripts)} orders, {len(plan.groups)} groups"
        size = f"{what}, {len(plan.faults)} faults over {plan.seconds:.0f} s"
        say(f"seed {plan.seed}: {size}, {acting}")
        identities = {s.name: scene.identity(s.name, s.account, s.spec) for s in plan.scripts}
        start = time.monotonic()
        human = Human(scene)
        async with asyncio.timeout(plan.seconds + ENDS_WITHIN):
            await _carry_out(scene, plan, start, say, human.stay(identities))
        await scene.calm()
        calm_at = time.monotonic()
        verdict, picture = await _settle(scene, plan, identities, say, human)
        await scene.healthy()
        states = Counter(str(obj["status"].get("state")) for obj in picture.intents.values())
        now = time.monotonic()
        return Result(plan, verdict, scene.happened, now - began, now - calm_at, states, scene.confirmed)


async def _carry_out(scene: Scene, plan: Plan, start: float, say: Say, human: Coroutine[Any, Any, None]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for script in plan.scripts:
            tasks.create_task(_user(scene, script, start))
        for group in plan.groups:
            tasks.create_task(_group(scene, group, start))
        for broken in plan.faults:
            tasks.create_task(_break(scene, broken, start))
        tasks.create_task(_market(scene, plan.market, start))
        aside = [asyncio.create_task(_progress(scene, plan, start, say)), asyncio.create_task(human)]
    for task in aside:
        task.cancel()
    await asyncio.gather(*aside, return_exceptions=True)


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


async def _user(scene: Scene, script: Script, start: float) -> None:
    for at, act in script.acts:
        await _until(start + at)
        try:
            await _act(scene, script, act)
        except NotFound:
            # Changing what an earlier act has deleted.
            continue


async def _group(scene: Scene, script: GroupScript, start: float) -> None:
    await _until(start + script.at)
    await scene.create_group(script.name, script.account, script.spec)
    for at, what in sorted(each for each in (script.change, script.end) if each is not None):
        await _until(start + at)
        if what == "delete":
            await scene.delete_group(script.name)
        elif what == "cancel":
            await scene.patch_group(script.name, {"desiredState": "Canceled"})
        else:
            await scene.patch_group(script.name, {"legs": script.changed()})


async def _act(scene: Scene, script: Script, act: Create | Amend | Cancel | Delete) -> None:
    match act:
        case Create(spec):
            await scene.create(script.name, script.account, spec)
        case Amend(change):
            await scene.patch(script.name, change)
        case Cancel():
            await scene.patch(script.name, {"desiredState": "Canceled"})
        case Delete(wait):
            await scene.delete(script.name, wait=wait)


async def _break(scene: Scene, broken: Broken, start: float) -> None:
    await _until(start + broken.at)
    await scene.strike(broken.fault)


async def _market(scene: Scene, drifts: tuple[Drift, ...], start: float) -> None:
    for step in drifts:
        await _until(start + step.at)
        await scene.drift(step)


async def _progress(scene: Scene, plan: Plan, start: float, say: Say) -> None:
    while True:
        await asyncio.sleep(_PROGRESS)
        done = sum(scene.happened.values())
        say(f"  {time.monotonic() - start:4.0f} of {plan.seconds:.0f} s: {done} faults have struck")


async def _settle(
    scene: Scene, plan: Plan, identities: Mapping[str, Any], say: Say, human: "Human"
) -> tuple[Verdict, Picture]:
    """Wait until both sides agree, or the bound has passed."""
    deadline = time.monotonic() + SETTLES_WITHIN
    said = time.monotonic()
    while True:
        picture = await _picture(scene, identities)
        await human.look(picture)
        verdict = judge(plan.scripts, picture, plan.groups)
        if verdict.good or verdict.hurts or time.monotonic() > deadline:
            return verdict, picture
        if time.monotonic() - said > _PROGRESS:
            said = time.monotonic()
            say(f"  settling: {len(verdict.unsettled)} not yet, such as {verdict.unsettled[0]}")
        await asyncio.sleep(1.0)


@dataclass
class Human:
    """Somebody who looks at the venue: where requests never expire, nobody else can say that an order is not there.

    What is asked for is looked at when any request of it must have ended; what is not at the venue then never will be.
    """

    scene: Scene
    _asked: dict[tuple[str, str], float] = field(default_factory=dict)

    async def look(self, picture: Picture) -> None:
        """Vouch for the orders that are certainly not there."""
        known = {order.client_id for order in picture.venue}
        for name, intent in picture.intents.items():
            said = intent["status"]
            asked = _CONFIRM.search(said.get("message", ""))
            if asked is None or said.get("clientOrderId") in known:
                continue
            since = self._asked.setdefault((name, asked[1]), time.monotonic())
            told = intent["metadata"].get("annotations", {}).get(ANNOTATION_CONFIRM)
            if time.monotonic() - since > HUMAN_AFTER and told != asked[1]:
                await self.scene.confirm(name, asked[1])

    async def stay(self, identities: Mapping[str, Any]) -> None:
        """Look from time to time."""
        while True:
            await asyncio.sleep(5.0)
            await self.look(await _picture(self.scene, identities))


async def _picture(scene: Scene, identities: Mapping[str, Any]) -> Picture:
    """The venue first: what it says may be older than the status, never newer."""
    accounts = await scene.at_venue(lambda control: control.dump())
    orders = [says(order) for name in scene.account_names for order in accounts[name].orders]
    groups = await scene.objects(GROUPS)
    return Picture(await scene.objects(INTENTS), await scene.objects(RECEIPTS), orders, identities, groups)
