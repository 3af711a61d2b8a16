"""What every part of the control port needs: bodies in, answers out, commands to the engine."""

from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from aiohttp import web
from pydantic import ValidationError

from paper_exchange import control_models as models
from paper_exchange.commands import Command
from paper_exchange.refusals import Refusal
from paper_exchange.replies import Reply

if TYPE_CHECKING:
    from paper_exchange.server import PaperExchange

Json = Any
_Model = TypeVar("_Model", bound=models.Body)


class ControlError(Exception):
    """A request that cannot be done; the message says why and what to write."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def submit(server: "PaperExchange", command: Command) -> Reply:
    """Carries out a command.

    Raises:
        ControlError: The engine refused it.
    """
    reply = server.venue.submit(command)
    if isinstance(reply, Refusal):
        raise ControlError(reply.message, 409)
    return reply


async def read(request: web.Request, model: type[_Model]) -> _Model:
    """The body of a request.

    Raises:
        ControlError: It is not what the model says.
    """
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        raise ControlError(explain(error)) from None


def explain(error: ValidationError) -> str:
    """What is wrong with a body, field by field, without repeating its content."""
    return "; ".join(f"{'.'.join(map(str, item['loc'])) or 'body'}: {item['msg']}" for item in error.errors())


def number(request: web.Request, name: str) -> int:
    """A number in the query, 0 when absent.

    Raises:
        ControlError: It is no number.
    """
    text = request.query.get(name, "0")
    if not text.isascii() or not text.isdigit():
        raise ControlError(f"{name} is a number, not {text!r}")
    return int(text)


def answer(value: Json, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")
