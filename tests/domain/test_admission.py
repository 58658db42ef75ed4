from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.domain import admission
from eventsapp.domain.admission import Offer, Rules, Standing, Waiting, decide, move_up, refusal, standing
from eventsapp.domain.errors import Invalid, Refused
from eventsapp.domain.vocabulary import Approval, Choose, EventStatus, PlaceState

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CONFIRMED, WAITLISTED, PENDING = PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING

RULES = Rules(EventStatus.PUBLISHED, Choose.ONE, Approval.AUTOMATIC, waitlist=False)
A = Offer("a", NOW + DAY, NOW + DAY + HOUR)
B = Offer("b", NOW + 2 * DAY, NOW + 2 * DAY + HOUR)
C = Offer("c", NOW + 3 * DAY, NOW + 3 * DAY + HOUR)


def full(offer: Offer, **values: object) -> Offer:
    return replace(offer, capacity=2, confirmed=2, **values)


def refused(rules: Rules, offers: list[Offer], chosen: list[str], now: datetime = NOW) -> tuple[object, ...]:
    with pytest.raises((Refused, Invalid)) as caught:
        decide(rules, offers, chosen, now)
    error = caught.value
    assert error.key == "occurrences"
    return (str(error), error.values.get("standing"), error.values.get("occurrence"))


# How one date stands


@pytest.mark.parametrize(
    ("rules", "offer", "expected"),
    [
        ({}, {}, Standing.OPEN),
        ({}, {"capacity": 1}, Standing.OPEN),
        ({}, {"capacity": 2, "confirmed": 1}, Standing.OPEN),
        ({}, {"capacity": 2, "confirmed": 2}, Standing.FULL),
        ({}, {"capacity": 2, "confirmed": 3}, Standing.FULL),
        ({}, {"capacity": 0}, Standing.FULL),
        ({"waitlist": True}, {"capacity": 0}, Standing.WAITLIST),
        ({"waitlist": True}, {"capacity": 2, "confirmed": 3}, Standing.WAITLIST),
        ({"waitlist": True}, {"capacity": 2, "confirmed": 1, "waiting": 1}, Standing.WAITLIST),
        ({}, {"capacity": 2, "confirmed": 1, "waiting": 1}, Standing.FULL),
        ({"waitlist": True}, {"waiting": 1}, Standing.WAITLIST),
        ({"approval": Approval.MANUAL}, {"capacity": 2, "confirmed": 2}, Standing.FULL),
        ({"status": EventStatus.DRAFT}, {}, Standing.CLOSED),
        ({"status": EventStatus.CANCELLED}, {}, Standing.CANCELLED),
        ({}, {"cancelled": True}, Standing.CANCELLED),
        ({}, {"needs_registration": False}, Standing.NO_REGISTRATION),
        ({}, {"needs_registration": False, "cancelled": True}, Standing.CANCELLED),
        ({"opens_at": NOW + MINUTE}, {}, Standing.NOT_YET_OPEN),
        ({"opens_at": NOW}, {}, Standing.OPEN),
        ({"opens_at": NOW + MINUTE}, {"capacity": 0}, Standing.NOT_YET_OPEN),
        ({"closes_at": NOW}, {}, Standing.CLOSED),
        ({"closes_at": NOW + MINUTE}, {}, Standing.OPEN),
        ({"closes_at": NOW - DAY, "opens_at": NOW + DAY}, {}, Standing.CLOSED),
    ],
    ids=str,
)
def test_how_a_date_stands(rules, offer, expected):
    assert standing(replace(RULES, **rules), replace(A, **offer), NOW) is expected


@pytest.mark.parametrize(
    ("at", "closes_at", "expected"),
    [
        (A.starts_at, None, Standing.OPEN),
        (A.ends_at - MINUTE, None, Standing.OPEN),
        (A.ends_at, None, Standing.PAST),
        (A.ends_at + DAY, None, Standing.PAST),
        (A.starts_at - MINUTE, A.starts_at, Standing.OPEN),
        (A.starts_at, A.starts_at, Standing.CLOSED),
        (A.ends_at, A.ends_at + DAY, Standing.PAST),
        (A.ends_at - MINUTE, A.ends_at + DAY, Standing.OPEN),
    ],
)
def test_a_date_closes_at_its_end_or_earlier_where_the_event_says_so(at, closes_at, expected):
    assert standing(replace(RULES, closes_at=closes_at), A, at) is expected


def test_nobody_begins_to_wait_once_it_has_begun():
    rules = replace(RULES, waitlist=True)
    assert standing(rules, full(A), A.starts_at - MINUTE) is Standing.WAITLIST
    assert standing(rules, full(A), A.starts_at) is Standing.FULL


def test_only_open_and_waitlist_admit():
    assert {one for one in Standing if one.admits} == {Standing.OPEN, Standing.WAITLIST}


@pytest.mark.parametrize(
    ("capacity", "confirmed", "left"), [(None, 7, None), (3, 1, 2), (3, 3, 0), (3, 5, 0), (0, 0, 0)]
)
def test_places_left_are_never_negative(capacity, confirmed, left):
    assert replace(A, capacity=capacity, confirmed=confirmed).left == left


# What a newcomer gets


@pytest.mark.parametrize(
    ("rules", "offers", "chosen", "expected"),
    [
        ({}, [A, B], ["a"], {"a": CONFIRMED}),
        ({}, [A, B], ["b", "b", ""], {"b": CONFIRMED}),
        ({}, [A], [], {"a": CONFIRMED}),
        ({}, [A, replace(B, cancelled=True)], [], {"a": CONFIRMED}),
        ({}, [A, replace(B, needs_registration=False)], [], {"a": CONFIRMED}),
        ({"waitlist": True}, [full(A), B], ["a"], {"a": WAITLISTED}),
        ({"waitlist": True}, [replace(A, capacity=9, waiting=1)], ["a"], {"a": WAITLISTED}),
        ({"approval": Approval.MANUAL}, [A], ["a"], {"a": PENDING}),
        ({"approval": Approval.MANUAL, "waitlist": True}, [full(A)], ["a"], {"a": PENDING}),
        ({"choose": Choose.ANY}, [A, B, C], ["c", "a"], {"a": CONFIRMED, "c": CONFIRMED}),
        ({"choose": Choose.ANY, "waitlist": True}, [full(A), B], ["a", "b"], {"a": WAITLISTED, "b": CONFIRMED}),
        ({"choose": Choose.ANY}, [A], [], {"a": CONFIRMED}),
        ({"choose": Choose.ALL}, [A, B], [], {"a": CONFIRMED, "b": CONFIRMED}),
        ({"choose": Choose.ALL}, [A, B], ["b", "a"], {"a": CONFIRMED, "b": CONFIRMED}),
        ({"choose": Choose.ALL, "waitlist": True}, [full(A), B], [], {"a": WAITLISTED, "b": WAITLISTED}),
        ({"choose": Choose.ALL, "approval": Approval.MANUAL}, [A, B], [], {"a": PENDING, "b": PENDING}),
        ({"choose": Choose.ALL}, [replace(A, cancelled=True), B, C], [], {"b": CONFIRMED, "c": CONFIRMED}),
        ({"choose": Choose.ALL}, [replace(A, needs_registration=False), B], [], {"b": CONFIRMED}),
    ],
    ids=str,
)
def test_what_a_newcomer_gets(rules, offers, chosen, expected):
    decided = decide(replace(RULES, **rules), offers, chosen, NOW)
    assert (decided, list(decided)) == (expected, list(expected))


def test_a_series_that_has_begun_is_joined_for_the_dates_still_to_come():
    rules = replace(RULES, choose=Choose.ALL)
    assert decide(rules, [A, B, C], [], A.ends_at) == {"b": CONFIRMED, "c": CONFIRMED}


ANY, ALL = {"choose": Choose.ANY}, {"choose": Choose.ALL}
FULL = "The date you chose is full. Choose another date if there is one."


@pytest.mark.parametrize(
    ("rules", "offers", "chosen", "expected"),
    [
        ({}, [A, B], [], ("Choose the date and time that suit you.", None, None)),
        (ANY, [A, B], ["", ""], ("Choose the date and time that suit you.", None, None)),
        ({}, [A, B], ["a", "b"], ("Choose one date only.", None, None)),
        ({}, [A, B], ["x"], ("Choose a date from those on this page.", None, None)),
        (ALL, [A, B], ["a", "b", "x"], ("Choose a date from those on this page.", None, None)),
        (
            ALL,
            [A, B],
            ["a"],
            ("You can only register for all dates together. Choose all of them.", None, None),
        ),
        ({}, [full(A), B], ["a"], (FULL, Standing.FULL, "a")),
        ({"approval": Approval.MANUAL}, [full(A), B], ["a"], (FULL, Standing.FULL, "a")),
        (ANY, [A, full(B)], ["a", "b"], (FULL, Standing.FULL, "b")),
        (ALL, [A, full(B)], [], (FULL, Standing.FULL, "b")),
        (
            {"opens_at": NOW + DAY},
            [A],
            ["a"],
            ("Registration is not open yet. Come back when it opens.", Standing.NOT_YET_OPEN, "a"),
        ),
        ({"closes_at": NOW}, [A], ["a"], ("Registration is closed.", Standing.CLOSED, "a")),
        ({"status": EventStatus.DRAFT}, [A], ["a"], ("Registration is closed.", Standing.CLOSED, "a")),
        (
            {"status": EventStatus.CANCELLED},
            [A],
            ["a"],
            ("This event is cancelled, so you can no longer register for it.", Standing.CANCELLED, ""),
        ),
        (
            {},
            [replace(A, cancelled=True), B],
            ["a"],
            ("The date you chose is cancelled. Choose another date if there is one.", Standing.CANCELLED, "a"),
        ),
        (
            {},
            [replace(A, cancelled=True)],
            [],
            ("This event is cancelled, so you can no longer register for it.", Standing.CANCELLED, ""),
        ),
        (
            {},
            [replace(A, needs_registration=False), B],
            ["a"],
            ("The date you chose needs no registration. You can simply take part.", Standing.NO_REGISTRATION, "a"),
        ),
        (
            ALL,
            [replace(A, needs_registration=False)],
            [],
            ("This event needs no registration. You can simply take part.", Standing.NO_REGISTRATION, ""),
        ),
        ({}, [], [], ("Registration is closed.", Standing.CLOSED, "")),
    ],
    ids=str,
)
def test_what_is_refused_and_in_which_words(rules, offers, chosen, expected):
    assert refused(replace(RULES, **rules), offers, chosen) == expected


@pytest.mark.parametrize("choose", Choose)
def test_what_is_over_is_refused(choose):
    rules = replace(RULES, choose=choose)
    over = ("The date you chose is over. Choose another date if there is one.", Standing.PAST, "a")
    assert refused(rules, [A], ["a"], A.ends_at) == over
    assert refused(rules, [A, B], [], B.ends_at) == (
        "This event is over, so you can no longer register for it.",
        Standing.PAST,
        "",
    )


def test_who_came_in_time_is_not_refused_for_closing_since():
    rules = replace(RULES, opens_at=NOW + DAY, closes_at=NOW - DAY)
    assert decide(rules.in_time(), [A], ["a"], NOW) == {"a": CONFIRMED}


def test_every_standing_that_does_not_admit_has_a_sentence():
    assert all(str(refusal(found)).endswith(".") for found in Standing if not found.admits)


# Approval by the organizer


@pytest.mark.parametrize(
    ("rules", "offers", "expected"),
    [
        ({}, [A], {"a": CONFIRMED}),
        ({"closes_at": NOW - DAY}, [A], {"a": CONFIRMED}),
        ({"waitlist": True}, [full(A)], {"a": WAITLISTED}),
        ({}, [A, B], {"a": CONFIRMED, "b": CONFIRMED}),
        (ANY | {"waitlist": True}, [full(A), B], {"a": WAITLISTED, "b": CONFIRMED}),
        (ALL | {"waitlist": True}, [full(A), B], {"a": WAITLISTED, "b": WAITLISTED}),
    ],
    ids=str,
)
def test_approval_confirms_or_waitlists(rules, offers, expected):
    assert admission.approve(replace(RULES, approval=Approval.MANUAL, **rules), offers, NOW) == expected


@pytest.mark.parametrize(
    ("offer", "now", "found"),
    [
        (full(A), NOW, Standing.FULL),
        (A, A.ends_at, Standing.PAST),
        (replace(A, cancelled=True), NOW, Standing.CANCELLED),
    ],
)
def test_approval_cannot_pass_what_is_full_over_or_cancelled(offer, now, found):
    with pytest.raises(Refused) as caught:
        admission.approve(replace(RULES, approval=Approval.MANUAL), [offer], now)
    assert caught.value.values["standing"] is found


# Who moves up


def queue(*text: str) -> list[Waiting]:
    """``queue("1a", "2a")``: registration 1 waits for date a, then registration 2."""
    return [Waiting(int(one[0]), one[1]) for one in text]


def moved(rules: Rules, offers: list[Offer], *text: str, now: datetime = NOW) -> list[str]:
    return [f"{one.registration_id}{one.occurrence_key}" for one in move_up(rules, offers, queue(*text), now)]


def with_left(offer: Offer, left: int) -> Offer:
    return replace(offer, capacity=9, confirmed=9 - left)


@pytest.mark.parametrize(
    ("left", "expected"), [(-2, []), (0, []), (1, ["1a"]), (2, ["1a", "2a"]), (5, ["1a", "2a", "3a"])]
)
def test_as_many_move_up_as_there_is_room_in_order(left, expected):
    assert moved(RULES, [with_left(A, left)], "1a", "2a", "3a") == expected


def test_without_a_limit_all_move_up():
    assert moved(RULES, [A], "1a", "2a", "3a") == ["1a", "2a", "3a"]


def test_each_date_has_its_own_queue():
    offers = [with_left(A, 1), with_left(B, 0), with_left(C, 1)]
    assert moved(replace(RULES, choose=Choose.ANY), offers, "1b", "1a", "2a", "2c", "3c") == ["1a", "2c"]


def test_nobody_moves_up_once_it_has_begun():
    assert moved(RULES, [A, B], "1a", "1b", now=A.starts_at) == ["1b"]
    assert moved(RULES, [A], "1a", now=A.starts_at - MINUTE) == ["1a"]


def test_nobody_moves_up_to_what_is_cancelled():
    assert moved(RULES, [replace(A, cancelled=True), B], "1a", "1b") == ["1b"]
    assert moved(replace(RULES, status=EventStatus.CANCELLED), [A], "1a") == []


def test_closing_and_switching_off_the_waitlist_do_not_stop_those_who_wait():
    assert moved(replace(RULES, waitlist=False, closes_at=NOW - DAY), [A], "1a") == ["1a"]


def test_all_dates_have_room_or_nobody_moves_up():
    rules = replace(RULES, choose=Choose.ALL)
    assert moved(rules, [with_left(A, 3), with_left(B, 0)], "1a", "1b", "2a", "2b") == []
    assert moved(rules, [with_left(A, 3), with_left(B, 1)], "1a", "1b", "2a", "2b") == ["1a", "1b"]


def test_who_cannot_move_up_keeps_others_from_passing():
    rules = replace(RULES, choose=Choose.ALL)
    offers = [with_left(A, 1), with_left(B, 0), with_left(C, 1)]
    assert moved(rules, offers, "1a", "1b", "2a", "3c") == ["3c"]


@given(
    left=st.integers(-2, 5),
    waiting=st.lists(st.integers(1, 9), unique=True, max_size=6),
    choose=st.sampled_from(Choose),
)
def test_moving_up_fills_exactly_what_is_free_with_the_first(left, waiting, choose):
    text = [f"{one}a" for one in waiting]
    assert moved(replace(RULES, choose=choose), [with_left(A, left)], *text) == text[: max(0, left)]


@given(
    offers=st.lists(
        st.builds(
            Offer,
            key=st.sampled_from(["a", "b", "c"]),
            starts_at=st.sampled_from([NOW - HOUR, NOW, NOW + HOUR]),
            ends_at=st.sampled_from([NOW + MINUTE, NOW + DAY]),
            cancelled=st.booleans(),
            needs_registration=st.booleans(),
            capacity=st.none() | st.integers(0, 3),
            confirmed=st.integers(0, 4),
            waiting=st.integers(0, 2),
        ),
        unique_by=lambda offer: offer.key,
    ),
    rules=st.builds(
        Rules,
        status=st.sampled_from(EventStatus),
        choose=st.sampled_from(Choose),
        approval=st.sampled_from(Approval),
        waitlist=st.booleans(),
        opens_at=st.sampled_from([None, NOW - HOUR, NOW + HOUR]),
        closes_at=st.sampled_from([None, NOW - HOUR, NOW + HOUR]),
    ),
    chosen=st.lists(st.sampled_from(["a", "b", "c", "", "x"])),
)
def test_a_decision_never_oversells_never_jumps_the_queue_and_agrees_with_the_page(offers, rules, chosen):
    by_key = {offer.key: offer for offer in offers}
    try:
        decided = decide(rules, offers, chosen, NOW)
    except (Refused, Invalid):
        return
    assert decided
    assert all(standing(rules, by_key[key], NOW).admits for key in decided)
    for key, state in decided.items():
        if state is CONFIRMED:
            assert by_key[key].waiting == 0
            assert by_key[key].capacity is None or by_key[key].confirmed < by_key[key].capacity
    if rules.choose is Choose.ONE:
        assert len(decided) == 1
    if rules.choose is Choose.ALL:
        assert len(set(decided.values())) == 1
    if rules.approval is Approval.MANUAL:
        assert set(decided.values()) == {PENDING}


# Choosing anew

STATES = st.sampled_from([PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING])
OFFERS = st.tuples(
    *(
        st.builds(
            lambda offer, capacity, confirmed, waiting, cancelled: replace(
                offer, capacity=capacity, confirmed=confirmed, waiting=waiting, cancelled=cancelled
            ),
            st.just(offer),
            st.sampled_from([None, 0, 1, 2]),
            st.integers(0, 2),
            st.integers(0, 1),
            st.booleans(),
        )
        for offer in (A, B, C)
    )
)


@given(
    offers=OFFERS,
    held=st.dictionaries(st.sampled_from("abc"), STATES),
    chosen=st.lists(st.sampled_from("abc"), unique=True),
    choose=st.sampled_from(list(Choose)),
    approval=st.sampled_from(list(Approval)),
    waitlist=st.booleans(),
)
def test_choosing_anew_gives_what_was_chosen_or_refuses(*, offers, held, chosen, choose, approval, waitlist):
    """Nothing is lost that was chosen, nothing is taken that was not, and what is new is what a newcomer would get."""
    rules = replace(RULES, choose=choose, approval=approval, waitlist=waitlist)
    live = {offer.key for offer in offers if not offer.cancelled}
    try:
        change = admission.change(rules, offers, held, chosen, NOW)
    except (Invalid, Refused):
        return
    meant = live if choose is Choose.ALL or not chosen else set(chosen)  # one date alone need not be chosen
    assert set(change.kept) | set(change.taken) == meant
    assert set(change.kept) == meant & held.keys() & live
    assert set(change.given_up) == (held.keys() & live) - meant
    for key, state in change.taken.items():
        found = standing(rules, next(offer for offer in offers if offer.key == key), NOW)
        assert found.admits
        assert state is not PlaceState.CONFIRMED or (found is Standing.OPEN and approval is Approval.AUTOMATIC)
    loses = any(held[key] is PlaceState.CONFIRMED for key in change.given_up)
    assert change.doubtful is (loses and any(state is not PlaceState.CONFIRMED for state in change.taken.values()))


def test_a_date_called_off_is_neither_kept_nor_given_up():
    held = {"a": PlaceState.CONFIRMED, "b": PlaceState.CONFIRMED}
    change = admission.change(RULES, [replace(A, cancelled=True), B, C], held, ["c"], NOW)
    assert (change.kept, change.given_up, change.taken) == ((), ("b",), {"c": PlaceState.CONFIRMED})
    with pytest.raises(Refused):
        admission.change(RULES, [replace(A, cancelled=True), B, C], {}, ["a"], NOW)
