"""Answers to a profile's questions, written by the test; and what was asked."""

from collections.abc import Callable, Mapping
from typing import Any

from exchange_kernel.exchange.profiles.parts import Call

Answer = Callable[[Mapping[str, Any]], Any]


class Asking:
    """An `Ask` that answers by ccxt's method name. A method without an answer is a test's mistake.

    Args:
        answers: By method: a function of the call's parameters, or a constant answer.
    """

    def __init__(self, **answers: Any) -> None:  # noqa: ANN401 - a venue's JSON, or a function that makes it
        self._answers = answers
        self.calls: list[Call] = []

    async def __call__(self, call: Call) -> Any:  # noqa: ANN401 - a venue's JSON
        """Answer, or raise what the answer is."""
        self.calls.append(call)
        answer = self._answers[call.method]
        answer = answer(call.args[0] if call.args else {}) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def asked(self, method: str) -> list[Any]:
        """The parameters of all calls of this method."""
        return [call.args[0] if call.args else {} for call in self.calls if call.method == method]
