"""Who belongs together, and who must not be let in."""

from datetime import UTC, datetime, timedelta

import pytest
from mailmessages import raw

from desk.mail.parse import parse
from desk.mail.threads import Candidate, assign, group, subject_key, ticket_tag

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ANN, SHOP = "ann@customer.example", "help@shop.example"


def found(thread_id: int, via: str, *people: str, days: float = 1) -> Candidate:
    return Candidate(thread_id, via, frozenset(people or (ANN, SHOP)), NOW - timedelta(days=days))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "subject",
    ["Green lamp", "Re: Green lamp", "RE: re: Green  lamp", "AW: WG: green lamp", "SV: Green lamp", "回复：Green lamp",
     "Re[2]: Green lamp", "[lamps] Green lamp", "Re: [T-1042] Green lamp", "Green lamp [T-1042]", "Odp: Green lamp (fwd)"],
)  # fmt: skip
def test_marks_of_all_kinds_leave_one_key(subject: str) -> None:
    assert subject_key(subject) == "green lamp"


@pytest.mark.parametrize(
    "subject", ["", "Re:", "Question", "Re: Hilfe", "(no subject)", "AW: Bestellung", "12345", "??"]
)
def test_subjects_that_say_nothing_have_no_key(subject: str) -> None:
    assert subject_key(subject) == ""


def test_ticket_numbers_are_found() -> None:
    assert ticket_tag("Re: [t-1042] Lamp") == "T-1042"
    assert ticket_tag("Lamp T-1042") is None


def test_a_reference_from_a_participant_counts() -> None:
    decision = assign(parse(raw()), [found(7, "reference")])
    assert (decision.thread_id, decision.guessed) == (7, False)


def test_a_colleague_in_copy_stays_in_the_thread() -> None:
    mail = parse(raw(From="Bo <bo@customer.example>"))
    assert assign(mail, [found(7, "reference", ANN, "bo@customer.example", SHOP)]).thread_id == 7


@pytest.mark.parametrize("via", ["reference", "tag"])
def test_a_stranger_cannot_splice_into_a_thread(via: str) -> None:
    decision = assign(parse(raw(From="Mallory <m@evil.example>")), [found(7, via)])
    assert decision.thread_id is None
    assert "never took part" in decision.reason


def test_our_own_address_may_always_join() -> None:
    assert assign(parse(raw(From=SHOP)), [found(7, "reference", ANN)], own=(SHOP,)).thread_id == 7


def test_a_message_that_answers_two_threads_joins_them() -> None:
    decision = assign(
        parse(raw()), [found(7, "reference"), found(9, "reference"), found(11, "reference", "x@y.example")]
    )
    assert (decision.thread_id, decision.also) == (7, (9,))


def test_an_equal_subject_is_a_guess_for_thirty_days_and_the_same_contact() -> None:
    mail = parse(raw(Subject="Green lamp"))
    decision = assign(mail, [found(7, "subject")])
    assert (decision.thread_id, decision.guessed) == (7, True)
    assert assign(mail, [found(7, "subject", days=31)]).thread_id is None
    assert assign(mail, [found(7, "subject", "other@x.example")]).thread_id is None
    assert assign(parse(raw(Subject="Hello")), [found(7, "subject")]).thread_id is None


def test_groups_hold_over_missing_messages_and_any_order() -> None:
    one = parse(raw(Message_ID="<1@x>", Subject="Green lamp"))
    two = parse(raw(Message_ID="<2@x>", References="<missing@x>", Subject="Other"))
    three = parse(raw(Message_ID="<3@x>", In_Reply_To="<missing@x>", Subject="Third"))
    four = parse(raw(Message_ID="<4@x>", References="<1@x> <2@x>", Subject="Fourth"))
    apart = parse(raw(Message_ID="<5@x>", Subject="Apart"))
    assert group([("b", two), ("a", one), ("c", three), ("e", apart)]) == [["b", "c"], ["a"], ["e"]]
    assert group([("e", apart), ("d", four), ("c", three), ("b", two), ("a", one)]) == [["e"], ["d", "c", "b", "a"]]


def test_a_reply_without_references_is_joined_by_subject_and_people_only() -> None:
    ask = parse(raw(Message_ID="<1@x>", Subject="Green lamp"))
    answer = parse(raw(Message_ID="<2@x>", Subject="Re: Green lamp", Date="Tue, 06 Jan 2026 10:00:00 +0100"))
    stranger = parse(raw(Message_ID="<3@x>", Subject="Re: Green lamp", From="z@z.example", To="q@q.example"))
    again = parse(raw(Message_ID="<4@x>", Subject="Green lamp"))
    assert group([("a", ask), ("b", answer), ("s", stranger)]) == [["a", "b"], ["s"]]
    assert group([("a", ask), ("n", again)]) == [["a"], ["n"]]
