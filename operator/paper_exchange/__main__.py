"""The venue as a command: `python -m paper_exchange serve`."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import orjson

from paper_exchange.config import (
    AccountConfig,
    Config,
    ConfigError,
    MarketMode,
    default_markets,
    parse_account,
    parse_markets,
    with_keys,
)
from paper_exchange.journal import JournalError
from paper_exchange.server import PaperExchange
from paper_exchange.structured_log import configure_logging
from paper_exchange.units import AmountError

TOKEN_VARIABLE: Final = "PAPER_EXCHANGE_TOKEN"  # noqa: S105 - the name of a variable, not a token

_DESCRIPTION = """\
A local exchange that speaks Binance's spot API (REST /api/v3, WS-API /ws-api/v3) and
Kraken's spot REST API (/0).

Unmodified ccxt trades on it by configuration alone. It matches orders in a real book, keeps
accounts with fees and filters, survives kill -9, and fails on demand: dropped, delayed, garbled
and truncated answers, rate limits, wrong clocks, outages.
"""

_EXAMPLES = f"""\
examples:
  python -m paper_exchange serve
      in memory, free ports, four symbols at fixed prices, one account with generated keys
  python -m paper_exchange serve --port 8080 --control-port 8081 --data ./venue
      the same on fixed ports, remembered in ./venue
  python -m paper_exchange serve --market walk --seed 7 --step-ms 250 --symbols BTCUSDT=65000,SOL/USDT=150
      prices that move: a random walk that the seed repeats
  python -m paper_exchange serve --market replay --replay prices.csv --speed 60
      recorded prices: a CSV with the columns ts (milliseconds), symbol, price and optionally qty
  python -m paper_exchange serve --account alice:USDT=1000,BTC=0.5 --account bob
      two accounts, the second with the default balances
  python -m paper_exchange serve --account alice --key alice=aliceOwnApiKey123:my-secret
      with an API key that is known beforehand

The token of the control port is generated and printed; set {TOKEN_VARIABLE} to choose one.
docs/paper-exchange.md describes faults, the control port and the limits of the emulation.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit code."""
    parsed = _parser().parse_args(arguments)
    configure_logging(json=parsed.log_format == "json", level=parsed.log_level)
    try:
        return asyncio.run(_serve(_config(parsed), parsed.ready_file))
    except (ConfigError, AmountError, JournalError, OSError) as error:
        sys.stderr.write(f"paper_exchange: {error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m paper_exchange",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser(
        "serve",
        help="run the venue until SIGTERM or Ctrl-C",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_place(serve)
    _add_market(serve)
    _add_limits(serve)
    serve.add_argument("--log-format", choices=("plain", "json"), default="plain", help="default: plain, to stderr")
    serve.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")
    return parser


def _add_place(serve: argparse.ArgumentParser) -> None:
    group = serve.add_argument_group("where it listens and what it keeps")
    group.add_argument("--host", default="127.0.0.1", help="address of the venue port (default: 127.0.0.1)")
    group.add_argument("--port", type=int, default=0, help="the venue port; 0 takes a free one (default)")
    group.add_argument(
        "--control-port", type=int, default=0, help="the control port, on loopback; 0 takes a free one (default)"
    )
    group.add_argument("--data", type=Path, metavar="DIR", help="keep everything in this folder; default: in memory")
    group.add_argument(
        "--ready-file",
        type=Path,
        metavar="FILE",
        help="write addresses, token and keys to this file (JSON, mode 0600) once the venue answers",
    )


def _add_market(serve: argparse.ArgumentParser) -> None:
    group = serve.add_argument_group("what is traded")
    group.add_argument(
        "--symbols",
        metavar="LIST",
        help="comma-separated: BTCUSDT, ETHUSDT, ETHBTC, BNBUSDT, each also with =PRICE, or BASE/QUOTE=PRICE",
    )
    group.add_argument("--market", choices=[str(mode) for mode in MarketMode], default="static", help="how prices move")
    group.add_argument("--seed", type=int, default=0, help="of random walks and of faults with a probability")
    group.add_argument("--step-ms", type=int, default=1000, help="milliseconds between steps of a walk (1000)")
    group.add_argument("--sigma", default="0.0005", help="standard deviation of a step, relative to the price (0.0005)")
    group.add_argument("--replay", type=Path, metavar="CSV", help="the recording of --market replay")
    group.add_argument("--speed", type=float, default=1.0, help="of a replay; 60 plays an hour in a minute")
    group.add_argument(
        "--account",
        action="append",
        metavar="SPEC",
        help="NAME or NAME:ASSET=AMOUNT,...; may be repeated (default: one account named default)",
    )
    group.add_argument(
        "--key",
        action="append",
        metavar="ACCOUNT=KEY:SECRET",
        help="an API key in place of a generated one; may be repeated (default: one generated key per account)",
    )


def _add_limits(serve: argparse.ArgumentParser) -> None:
    group = serve.add_argument_group("rate limits, as the real venue's; 0 switches one off")
    group.add_argument("--weight-per-minute", type=int, default=6000)
    group.add_argument("--orders-per-10s", type=int, default=100)
    group.add_argument("--orders-per-day", type=int, default=200_000)
    group.add_argument("--call-counter", type=int, default=20, help="of the Kraken dialect: calls per account (20)")
    group.add_argument(
        "--trade-counter", type=int, default=180, help="the same: orders, amends and cancels per account and pair (180)"
    )


def _config(parsed: argparse.Namespace) -> Config:
    mode = MarketMode(parsed.market)
    if (mode is MarketMode.REPLAY) != (parsed.replay is not None):
        raise ConfigError("--market replay and --replay FILE belong together; write both or neither")
    if parsed.step_ms <= 0 or parsed.speed <= 0:
        raise ConfigError("--step-ms and --speed are above 0")
    accounts = tuple(parse_account(text) for text in parsed.account or ()) or (AccountConfig(name="default"),)
    return Config(
        host=parsed.host,
        port=parsed.port,
        control_port=parsed.control_port,
        token=os.environ.get(TOKEN_VARIABLE),
        data=parsed.data,
        seed=parsed.seed,
        market=mode,
        markets=parse_markets(parsed.symbols) if parsed.symbols else default_markets(),
        accounts=with_keys(accounts, parsed.key or ()),
        step_ms=parsed.step_ms,
        sigma=parsed.sigma,
        replay=parsed.replay,
        speed=parsed.speed,
        weight_per_minute=parsed.weight_per_minute,
        orders_per_10s=parsed.orders_per_10s,
        orders_per_day=parsed.orders_per_day,
        call_counter=parsed.call_counter,
        trade_counter=parsed.trade_counter,
    )


async def _serve(config: Config, ready_file: Path | None) -> int:
    loop = asyncio.get_running_loop()
    async with PaperExchange(config) as venue:
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, venue.stop_requested.set)
        if ready_file is not None:
            write_ready_file(venue, ready_file)
        sys.stdout.write(_banner(venue))
        sys.stdout.flush()
        await venue.stop_requested.wait()
        logging.getLogger("paper_exchange").info("stopping")
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)  # noqa: ASYNC240 - the last thing the process does
    return 0


def write_ready_file(venue: PaperExchange, path: Path) -> None:
    """Writes addresses, token and keys, readable by the owner only; appears as a whole or not at all."""
    content = {
        "pid": os.getpid(),
        "url": venue.url,
        "ws_url": venue.ws_url,
        "control_url": venue.control_url,
        "token": venue.token,
        "keys": [
            {"account": key.account, "key": key.key, "secret": key.secret, "can_trade": key.can_trade}
            for key in venue.venue.reads.api_keys()
        ],
    }
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        unfinished.unlink()
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    unfinished.replace(path)


def _banner(venue: PaperExchange) -> str:
    lines = [
        f"venue    {venue.url}  (Binance: /api/v3, WS-API {venue.ws_url}; Kraken: /0)",
        f"control  {venue.control_url}  token {venue.token}",
    ]
    lines += [
        f"account  {key.account}  {'trade' if key.can_trade else 'read-only'}  key {key.key}  secret {key.secret}"
        for key in venue.venue.reads.api_keys()
    ]
    first = next(iter(venue.keys.values()), None)
    if first is not None:
        lines += ["", "trade with ccxt:", "", *(f"    {line}" for line in _snippet(venue.url, first.key, first.secret))]
    return "\n".join([*lines, "", "Ctrl-C ends it.", ""])


def _snippet(url: str, key: str, secret: str) -> tuple[str, ...]:
    return (
        "import ccxt",
        "from paper_exchange.ccxt_config import ccxt_config",
        f'exchange = ccxt.binance(ccxt_config("{url}",',
        f'    api_key="{key}",',
        f'    secret="{secret}"))',
        'print(exchange.create_order("BTC/USDT", "limit", "buy", "0.01", "50000")["status"])',
    )


if __name__ == "__main__":
    sys.exit(main())
