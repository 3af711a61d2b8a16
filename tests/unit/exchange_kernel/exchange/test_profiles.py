"""What holds for the profile of every venue."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.api.enums import OrderType, TimeInForce
from exchange_kernel.exchange.port import ProfileMissing
from exchange_kernel.exchange.profiles import PROFILES, profile_of
from exchange_kernel.exchange.profiles.base import VenueProfile
from support.requests import CLIENT_ID, order

every_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
KINDS = frozenset(
    itertools.product(
        [kind.value for kind in OrderType], [force.value for force in TimeInForce], (False, True), (False, True)
    )
)


def test_a_missing_profile_names_those_that_exist() -> None:
    with pytest.raises(ProfileMissing, match=r"no profile for exchange 'nosuch' .*binance \(Spot\)"):
        profile_of("nosuch")
    with pytest.raises(ProfileMissing, match="market type Swap"):
        profile_of("binance", "Swap")


@every_profile
def test_what_is_not_listed_never_becomes_a_request(profile: VenueProfile) -> None:
    assert profile.rules.supported < KINDS
    for kind, force, post_only, reduce_only in sorted(KINDS - profile.rules.supported):
        unlisted = order(type=kind, time_in_force=force, post_only=post_only, reduce_only=reduce_only)
        with pytest.raises(ValueError, match="does not place"):
            profile.create(unlisted, "a market")


@every_profile
@settings(max_examples=50, derandomize=True, deadline=None)
@given(value=st.integers(min_value=0, max_value=2**128 - 1))
def test_client_ids_survive_the_way_to_the_venue_and_back(profile: VenueProfile, value: int) -> None:
    client_id = f"{value:032x}"

    assert profile.decode(profile.encode(client_id)) == client_id


@every_profile
@pytest.mark.parametrize("foreign", ["", "web_123", "spot-test-01", CLIENT_ID + "0", CLIENT_ID[1:]])
def test_foreign_client_ids_are_not_ours_and_never_sent(profile: VenueProfile, foreign: str) -> None:
    assert profile.decode(foreign) is None
    with pytest.raises(ValueError, match="32 lower-case hex digits"):
        profile.encode(foreign)


@every_profile
def test_no_code_has_two_rows_that_contradict_each_other(profile: VenueProfile) -> None:
    rows = [(row.code, row.text) for row in profile.codes]

    assert len(rows) == len(set(rows))
