import pytest

from feeds.serving.last_modified import LedgerStamps, Stamp, past

OLD, NEW, OTHER = (Stamp(sha256=name, modified=at) for name, at in (("old", 100), ("new", 105), ("other", 300)))


@pytest.mark.parametrize(
    ("known", "on_disk", "waiting", "last", "highest"),
    [
        pytest.param(LedgerStamps(), None, False, None, 0, id="nothing is known"),
        pytest.param(LedgerStamps(), OLD, False, OLD, 100, id="the ledger knows less than the disk"),
        pytest.param(LedgerStamps(published=OLD), OLD, False, OLD, 100, id="both agree"),
        pytest.param(LedgerStamps(published=OLD), None, False, OLD, 100, id="the folder is lost"),
        pytest.param(LedgerStamps(published=NEW), OLD, False, NEW, 105, id="an old folder was restored"),
        pytest.param(LedgerStamps(published=NEW), OTHER, False, OTHER, 300, id="an old store was restored"),
        pytest.param(LedgerStamps(published=OLD, begun=NEW), OLD, True, OLD, 105, id="killed before the rename"),
        pytest.param(LedgerStamps(published=OLD, begun=NEW), NEW, False, NEW, 105, id="killed after the rename"),
        pytest.param(
            LedgerStamps(published=OLD, begun=NEW), None, False, NEW, 105, id="killed, and the folder is lost"
        ),
        pytest.param(
            LedgerStamps(published=OLD, begun=NEW), OLD, False, NEW, 105, id="killed, and an old one restored"
        ),
    ],
)
def test_what_readers_have_is_told_from_ledger_and_disk(
    known: LedgerStamps, on_disk: Stamp | None, last: Stamp | None, highest: int, *, waiting: bool
) -> None:
    found = past(known, on_disk, waiting=waiting)
    assert (found.last, found.highest) == (last, highest)


def test_bytes_that_readers_have_keep_their_time_and_others_are_later_than_all_before() -> None:
    found = past(LedgerStamps(published=OLD, begun=NEW), OLD, waiting=True)
    assert found.stamp("old", now=200) == OLD
    assert found.stamp("fresh", now=200).modified == 200
    assert found.stamp("fresh", now=50).modified == 106
