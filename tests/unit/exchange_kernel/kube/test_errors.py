import pytest

from exchange_kernel.kube import errors
from exchange_kernel.kube.errors import MESSAGE_LIMIT, from_response, parse_retry_after
from support.kube_fakes import refusal


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (400, "BadRequest", errors.Invalid),
        (401, "Unauthorized", errors.Unauthorized),
        (403, "Forbidden", errors.Forbidden),
        (404, "NotFound", errors.NotFound),
        (405, "MethodNotAllowed", errors.Invalid),
        (408, "Timeout", errors.Unavailable),
        (409, "Conflict", errors.Conflict),
        (409, "AlreadyExists", errors.AlreadyExists),
        (410, "Expired", errors.Gone),
        (413, "RequestEntityTooLarge", errors.Invalid),
        (422, "Invalid", errors.Invalid),
        (429, "TooManyRequests", errors.TooManyRequests),
        (500, "InternalError", errors.Unavailable),
        (503, "ServiceUnavailable", errors.Unavailable),
        (504, "Timeout", errors.Unavailable),
    ],
)
def test_a_status_becomes_the_error_that_says_what_it_proves(
    status: int, reason: str, kind: type[errors.KubeError]
) -> None:
    error = from_response("get x", status, refusal(status, reason, "the server's words").body)

    assert type(error) is kind
    assert str(error) == "cannot get x: the server's words"


def test_an_answer_of_5xx_leaves_open_whether_a_write_happened() -> None:
    error = from_response("create x", 500, b"")

    assert isinstance(error, errors.Unavailable)
    assert error.maybe_done


def test_a_long_message_is_cut() -> None:
    error = from_response("get x", 422, refusal(422, "Invalid", "m" * 100_000).body)

    assert len(str(error)) <= MESSAGE_LIMIT + len("cannot get x: ")


@pytest.mark.parametrize("body", [b"", b"<html>secret-token</html>", b'{"token":"secret-token"}', b"[1]", b"\xff"])
def test_a_body_that_is_no_status_object_never_gets_into_the_message(body: bytes) -> None:
    error = from_response("get x", 403, body)

    assert str(error) == "cannot get x: the API server answered 403"


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), (None, None), ("", None), ("soon", None), ("-1", None)])
def test_only_whole_seconds_count_as_retry_after(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header) == seconds


def test_the_pause_that_the_server_asks_for_is_kept() -> None:
    error = from_response("get x", 429, b"", "3")

    assert isinstance(error, errors.TooManyRequests)
    assert error.retry_after == 3.0
