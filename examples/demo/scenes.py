"""The demo's scenes, one after the other; each shows one thing and fails loudly when it does not happen."""

from typing import Final

from demo.compare import HEAD, STATES, compare
from demo.errors import DemoError
from demo.stack import NAMESPACE, Stack
from demo.terminal import Terminal

ORDERS: Final = ("-n", "strategy-demo")
LIMIT_BUY: Final = "examples/10-limit-buy.yaml"
BRACKET: Final = "examples/30-bracket.yaml"
MARKET: Final = "BTCUSDT"
ABOVE_TARGET: Final = "66500"
STRATEGY_FLAGS: Final = ("--namespace", "strategy-demo", "--stop", "50000", "--target", "80000", "--rounds", "1")
ANSWER_DELAY_MS: Final = 60_000


def kinds_and_account(stack: Stack, terminal: Terminal) -> None:
    """Everything that a cluster needs before the first order."""
    terminal.section("An account: where to trade, with which key, for whom")
    stack.create_account()
    stack.kubectl("get", "exchangeaccounts", "-A")


def a_limit_order_rests(stack: Stack, terminal: Terminal) -> None:
    """Applied, placed, open."""
    terminal.section("A limit order, far from the market, rests in the book")
    stack.kubectl("apply", "-f", LIMIT_BUY)
    _wait(stack, "limit-buy", "Open")
    stack.kubectl("get", "orderintents", *ORDERS)


def market_orders_are_filled(stack: Stack, terminal: Terminal) -> None:
    """By quote amount and by quantity."""
    terminal.section("Market orders are filled")
    stack.kubectl("apply", "-f", "examples/11-market-buy-by-quote.yaml", "-f", "examples/12-market-sell.yaml")
    _wait(stack, "market-buy-by-quote", "Filled")
    _wait(stack, "market-sell", "Filled")
    stack.kubectl("get", "orderintents", *ORDERS, "-o", "wide")


def deleting_cancels(stack: Stack, terminal: Terminal) -> None:
    """Delete waits until the venue has confirmed the cancel."""
    terminal.section("Deleting an order cancels it, and returns when the venue has confirmed that")
    stack.kubectl("apply", "-f", "examples/13-limit-sell.yaml")
    _wait(stack, "limit-sell", "Open")
    client_order_id = _client_order_id(stack, "limit-sell")
    stack.kubectl("delete", "orderintent/limit-sell", *ORDERS, "--timeout=30s")
    said = [order["status"] for order in stack.venue.orders() if order["clientOrderId"] == client_order_id]
    if said != ["CANCELED"]:
        raise DemoError(f"The venue should have canceled that order, and says {said}")
    terminal.good("The venue says: CANCELED")


def bad_manifests_are_refused(stack: Stack, terminal: Terminal) -> None:
    """By the API server where the manifest is wrong; by the operator where only the market's rules can tell."""
    terminal.section("Wrong orders go nowhere, and the message says what to write")
    terminal.say("A limit order without a price: the API server refuses it.")
    _apply_changed(stack, "/price:/d; s/name: limit-buy/name: no-price/", fails=True)
    terminal.say("A quantity as a YAML number would be a float:")
    _apply_changed(stack, 's/quantity: "0.010"/quantity: 0.010/; s/name: limit-buy/name: a-float/', fails=True)
    terminal.say("More digits than the market takes: only the operator can know, and it denies the order unsent.")
    _apply_changed(stack, "s/0.010/0.0101234/; s/name: limit-buy/name: off-the-grid/")
    _wait(stack, "off-the-grid", "Denied")
    stack.kubectl("get", "orderintent/off-the-grid", *ORDERS, "-o", "jsonpath={.status.message}")


def killed_in_the_middle_of_placing(stack: Stack, terminal: Terminal) -> None:
    """The venue has the order, the operator never got the answer, and its memory is gone."""
    terminal.section("The operator is killed in the middle of placing an order")
    terminal.say("The venue is told to take the next order and to keep its answer back for a minute.")
    stack.venue.hold_back_answers(ANSWER_DELAY_MS)
    before = len(stack.venue.orders())
    _apply_changed(stack, "s/name: limit-buy/name: survivor/")
    service = stack.operator_service
    service.wait("the order to reach the venue", lambda: len(stack.venue.orders()) > before, 20)
    killed = service.kill()
    terminal.command(f"kill -9 {killed}    # the operator; the venue has the order and has not answered")
    stack.kubectl("get", "orderintent/survivor", *ORDERS)
    terminal.say("The journal knows that an order was about to be sent, and not what became of it:")
    stack.kubectl("get", "orderreceipts", "-n", NAMESPACE, "--field-selector=outcome=Pending")
    terminal.say("A new operator starts. It looks before it does anything.")
    stack.start_operator()
    _wait(stack, "survivor", "Open")
    stack.kubectl("get", "orderintent/survivor", *ORDERS)
    _exactly_one_order(stack, terminal, len(stack.venue.orders()) - before)


def _exactly_one_order(stack: Stack, terminal: Terminal, new_orders: int) -> None:
    named = _client_order_id(stack, "survivor")
    own = [order for order in stack.venue.orders() if order["clientOrderId"] == named]
    if (new_orders, len(own)) != (1, 1):
        raise DemoError(f"Exactly one order was expected; the venue has {len(own)}, and {new_orders} new ones in all")
    terminal.good(f"The venue has exactly one order for it, number {own[0]['orderId']}: {STATES[own[0]['status']]}.")


def a_bracket_protects_and_takes_its_profit(stack: Stack, terminal: Terminal) -> None:
    """The entry is filled, the stop rests, the price moves, the target is filled, the stop is gone."""
    terminal.section("A bracket: bought, protected by a stop, sold at its target")
    stack.kubectl("apply", "-f", BRACKET)
    stack.kubectl("wait", "--for=condition=Protected", "ordergroup/bracket", *ORDERS, "--timeout=30s")
    stack.kubectl("get", "ordergroups", *ORDERS)
    stack.kubectl("get", "orderintents", *ORDERS, "-l", "exchangekernel.dev/leg")
    terminal.say(f"Both exits rest at the venue, tied together. The market rises to {ABOVE_TARGET}, above the target.")
    stack.venue.move_price(MARKET, ABOVE_TARGET)
    stack.kubectl("wait", "--for=jsonpath={.status.state}=Completed", "ordergroup/bracket", *ORDERS, "--timeout=30s")
    stack.kubectl("get", "ordergroups", *ORDERS)
    group = stack.ask("get", "ordergroup/bracket", *ORDERS)["status"]
    if group["filledQuantity"] != group["targetQuantity"]:
        raise DemoError(f"The bracket should have sold what it bought: {group}")
    terminal.good(
        f"Sold {group['filledQuantity']} BTC, all that was bought after the fee; the venue has ended the stop."
    )


def a_strategy_buys_through_the_interface(stack: Stack, terminal: Terminal) -> None:
    """The same bracket from a program, which has no key of the venue."""
    terminal.section("A strategy buys through the Python interface, and is run again")
    stack.kubectl("apply", "-f", "examples/rbac/strategy.yaml")
    arguments = ("trading-accounts/paper", *STRATEGY_FLAGS)
    stack.strategy("dca", *arguments)
    stack.kubectl("wait", "--for=condition=Protected", "ordergroup/dca-1", *ORDERS, "--timeout=30s")
    terminal.say("Started again, as after a crash: what was bought is not bought again.")
    if "dca-1: bought before" not in stack.strategy("dca", *arguments):
        raise DemoError("The strategy should have found its purchase")
    stack.kubectl("get", "ordergroups", *ORDERS)


def both_sides_agree(stack: Stack, terminal: Terminal) -> bool:
    """The table and the verdict."""
    terminal.section("What Kubernetes says, and what the venue says")
    intents = stack.ask("get", "orderintents", "-A")["items"]
    receipts = stack.ask("get", "orderreceipts", "-n", NAMESPACE)["items"]
    lines = compare(intents, receipts, stack.venue.orders())
    terminal.table(HEAD, [line.cells for line in lines])
    same = bool(lines) and all(line.same for line in lines)
    if same:
        terminal.good("Both sides agree, order by order. Nothing was placed twice, nothing was lost.")
    else:
        terminal.bad("The two sides differ.")
    return same


def _apply_changed(stack: Stack, script: str, *, fails: bool = False) -> None:
    stack.apply_changed(LIMIT_BUY, script, fails=fails)


def _wait(stack: Stack, name: str, state: str) -> None:
    arguments = (f"--for=jsonpath={{.status.state}}={state}", f"orderintent/{name}", *ORDERS, "--timeout=30s")
    stack.kubectl("wait", *arguments)


def _client_order_id(stack: Stack, name: str) -> str:
    return str(stack.ask("get", f"orderintent/{name}", *ORDERS)["status"]["clientOrderId"])
