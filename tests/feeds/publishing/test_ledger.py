from feeds.publishing.adapters.last_modified_ledger import LastModifiedLedger
from feeds.serving.last_modified import LedgerStamps, Stamp

ONE, TWO = Stamp(sha256="1" * 64, modified=100), Stamp(sha256="2" * 64, modified=200)


def test_what_has_begun_is_known_until_it_is_settled(ledger: LastModifiedLedger) -> None:
    ledger.settle({"a.atom": ONE})
    ledger.begin({"a.atom": TWO, "b.atom": TWO})
    ledger.begin({"a.atom": TWO})
    assert ledger.remembered(["a.atom", "b.atom", "c.atom"]) == {
        "a.atom": LedgerStamps(published=ONE, begun=TWO),
        "b.atom": LedgerStamps(begun=TWO),
    }
    assert sorted(ledger.unsettled()) == ["a.atom", "b.atom"]
    ledger.settle({"a.atom": TWO}, dropped=["b.atom"])
    assert ledger.remembered(["a.atom", "b.atom"]) == {"a.atom": LedgerStamps(published=TWO)}
    assert ledger.unsettled() == []


def test_thousands_of_documents_are_remembered_at_once(ledger: LastModifiedLedger) -> None:
    names = [f"{number}.atom" for number in range(2001)]
    ledger.begin(dict.fromkeys(names, ONE))
    ledger.settle(dict.fromkeys(names, ONE))
    assert ledger.remembered(names) == dict.fromkeys(names, LedgerStamps(published=ONE))
