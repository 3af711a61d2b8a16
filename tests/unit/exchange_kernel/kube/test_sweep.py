from exchange_kernel.kube.sweep import Seen, differences


def seen(uid: str, version: str) -> Seen:
    return Seen("desk", f"name-of-{uid}", uid, version)


def test_a_cache_that_shows_the_truth_has_nothing_to_do() -> None:
    cache = {"a": "1"}

    assert not differences(cache, {"a": seen("a", "1")}, cache)


def test_what_the_watch_has_missed_is_read() -> None:
    cache = {"a": "1", "b": "1"}
    server = {"a": seen("a", "1"), "b": seen("b", "2"), "c": seen("c", "3")}

    assert differences(cache, server, cache).stale == (seen("b", "2"), seen("c", "3"))


def test_what_the_server_has_no_more_is_gone() -> None:
    cache = {"a": "1", "b": "1"}

    assert differences(cache, {"a": seen("a", "1")}, cache).gone == {"b"}


def test_what_the_watch_changed_during_the_list_is_left_to_the_watch() -> None:
    before = {"changed": "1", "deleted": "1"}
    after = {"changed": "2", "created": "9"}
    server = {"changed": seen("changed", "1"), "deleted": seen("deleted", "1")}

    assert not differences(before, server, after)


def test_the_same_name_with_another_uid_is_one_gone_and_one_new() -> None:
    cache = {"old": "1"}

    found = differences(cache, {"new": seen("new", "5")}, cache)

    assert found.gone == {"old"}
    assert found.stale == (seen("new", "5"),)
