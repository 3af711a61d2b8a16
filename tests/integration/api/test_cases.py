"""The table of manifests, judged by a real API server: the same verdict and the same message as from the models."""

import re
from typing import Any

import pytest

from cases.table import Case, cases
from integration.api.server import Refused, Server

# How the API server words a violation of the schema.
WORDS = {
    "type": "must be of type",
    "pattern": ("should match", "should be at least 1 chars long"),
    "format": "must be of type date-time",
    "length": "Too long",
    "enum": "Unsupported value",
    "required": "Required value",
    "minimum": "should be greater than or equal to",
    "count": ("should have at least 1 items", "should have at least 1 properties"),
    "duplicate": "Duplicate value",
}
PREFIX = re.compile(r'^Invalid value: ("[^"]*": )?')
ALL = cases()


def named(case: Case, index: int, manifest: dict[str, Any]) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest.get("metadata", {}), "name": f"case-{index}"}}


def judge(server: Server, case: Case, index: int) -> None:
    """Sends what the case says; raises Refused when the judged step is refused."""
    if case.then is None:
        server.create(case.kind, named(case, index, case.first), dry_run=True)
        return
    stored = server.create(case.kind, named(case, index, case.first))
    if case.status is not None:
        seen = {**stored, "status": {"observedGeneration": 1, **case.status}}
        stored = server.replace(case.kind, seen, subresource="status")
    changed = named(case, index, case.then)
    changed["metadata"]["resourceVersion"] = stored["metadata"]["resourceVersion"]
    server.replace(case.kind, changed)


def assert_as_expected(case: Case, answer: Refused) -> None:
    assert case.refused is not None, f"{case.name}: should be valid, but {answer.message}"
    if case.refused.says:
        # Before the rule's message the API server names a wrong scalar, some versions also the type of an object.
        said = {PREFIX.sub("", message) for _, message in answer.causes}
        assert said == set(case.refused.says)
    elif case.refused.because == "unknown":
        assert f'unknown field "{case.refused.field}"' in answer.message
    else:
        words = WORDS[case.refused.because]
        wanted = (words,) if isinstance(words, str) else words
        assert any(
            field.startswith(case.refused.field) and any(word in message for word in wanted)
            for field, message in answer.causes
        ), answer.causes


@pytest.mark.parametrize(("index", "case"), list(enumerate(ALL)), ids=[f"{c.kind}: {c.name}" for c in ALL])
def test_the_api_server_judges_as_the_table_says(server: Server, index: int, case: Case) -> None:
    try:
        judge(server, case, index)
    except Refused as answer:
        assert_as_expected(case, answer)
    else:
        assert case.refused is None, f"{case.name}: should be refused"
