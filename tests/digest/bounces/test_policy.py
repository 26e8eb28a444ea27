"""What bounces do: counted in editions, and never against an address for our own fault."""

from hypothesis import given
from hypothesis import strategies as st

from digest.bounces.policy import Evidence, Health, History, is_braked, must_stop, reason_to_suppress, worry
from digest.subscribers.suppression import SuppressionReason
from mail.failure.status_codes import HARD, NO_DOMAIN, BounceClass, class_of, status_of

ARRIVED: list[Evidence] = []


def back(kind: BounceClass, status: str = "", *, own: bool = False) -> list[Evidence]:
    return [Evidence(kind=kind, status=status, own_relay=own)]


GONE = back(BounceClass.HARD, "5.1.1")
GONE_SAYS_OUR_RELAY = back(BounceClass.HARD, "5.1.1", own=True)
NO_SUCH_DOMAIN = back(BounceClass.HARD, NO_DOMAIN, own=True)
FULL = back(BounceClass.SOFT, "5.2.2", own=True)


def test_what_our_own_relay_was_told_counts_at_once() -> None:
    assert reason_to_suppress([GONE_SAYS_OUR_RELAY]) is SuppressionReason.HARD


def test_what_others_say_counts_with_the_second_edition() -> None:
    assert reason_to_suppress([GONE]) is None
    assert reason_to_suppress([GONE, ARRIVED, GONE]) is None
    assert reason_to_suppress([GONE, GONE]) is SuppressionReason.HARD


def test_a_domain_that_is_not_found_counts_with_the_second_edition_whoever_says_so() -> None:
    assert reason_to_suppress([NO_SUCH_DOMAIN]) is None
    assert reason_to_suppress([NO_SUCH_DOMAIN, NO_SUCH_DOMAIN]) is SuppressionReason.HARD


def test_a_full_mailbox_counts_with_the_fourth_edition_in_a_row() -> None:
    assert reason_to_suppress([FULL] * 3) is None
    assert reason_to_suppress([FULL] * 4) is SuppressionReason.SOFT
    assert reason_to_suppress([FULL, FULL, ARRIVED, FULL, FULL]) is None


def test_a_complaint_counts_at_once_and_before_all_else() -> None:
    assert reason_to_suppress([GONE_SAYS_OUR_RELAY + back(BounceClass.COMPLAINT)]) is SuppressionReason.COMPLAINT


def test_nothing_came_back_so_nothing_is_done() -> None:
    assert reason_to_suppress([]) is None
    assert reason_to_suppress([ARRIVED, GONE, GONE]) is None


_HARMLESS = [BounceClass.SENDER_FAULT, BounceClass.DELAYED, BounceClass.AUTO_REPLY, BounceClass.UNKNOWN]


@given(
    st.lists(
        st.lists(
            st.builds(
                Evidence, kind=st.sampled_from(_HARMLESS), status=st.sampled_from(sorted(HARD)), own_relay=st.booleans()
            ),
            max_size=3,
        ),
        max_size=20,
    )
)
def test_our_own_fault_never_touches_an_address_however_often(history: History) -> None:
    assert reason_to_suppress(history) is None


@given(st.integers(0, 2000), st.integers(0, 20_000))
def test_the_brake_holds_above_five_per_cent_and_not_below_twenty(suppressed: int, audience: int) -> None:
    assert is_braked(suppressed, audience) == (suppressed >= 20 and suppressed / max(audience, 1) > 0.05)


def test_an_edition_with_too_many_dead_addresses_warns_and_then_stops() -> None:
    assert worry(Health(tried=1000, hard=20, complaints=0)) is None
    assert "2.1 %" in str(worry(Health(tried=1000, hard=21, complaints=0)))
    assert must_stop(Health(tried=1000, hard=50, complaints=0)) is None
    assert "5.1 %" in str(must_stop(Health(tried=1000, hard=51, complaints=0)))


def test_an_edition_that_is_called_spam_warns_and_then_stops() -> None:
    assert worry(Health(tried=10_000, hard=0, complaints=10)) is None
    assert "spam" in str(worry(Health(tried=10_000, hard=0, complaints=11)))
    assert must_stop(Health(tried=10_000, hard=0, complaints=30)) is None
    assert "spam" in str(must_stop(Health(tried=10_000, hard=0, complaints=31)))


def test_one_dead_address_among_ten_stops_nothing() -> None:
    few = Health(tried=10, hard=1, complaints=1)
    assert (worry(few), must_stop(few)) == (None, None)


@given(
    st.sampled_from(["5.7.1", "5.7.515", "4.7.28", "5.7.26", "5.3.4", "5.6.7", "5.1.7"]), st.sampled_from(sorted(HARD))
)
def test_a_sign_of_our_fault_counts_before_a_sign_of_theirs(ours: str, theirs: str) -> None:
    assert class_of(theirs, f"550 {theirs} no such user, {ours}") is BounceClass.SENDER_FAULT
    assert class_of(ours, f"550 {theirs} no such user") is BounceClass.SENDER_FAULT


def test_numbers_that_only_look_like_codes_are_none() -> None:
    assert status_of("", "host mx.test[192.5.1.1] said 550 no") == "5.0.0"
    assert status_of("5.1.1 (bad mailbox)", "") == "5.1.1"
    assert status_of("5.0.0", "550-5.2.2 full") == "5.2.2"
    assert status_of("", "") == ""
