"""Whether letters are as new as the store: an edition that begins again is looked at again."""

from dataclasses import replace
from pathlib import Path

from articles.article import Seq
from budkavle.installation.wiring import Service
from digest.editions.slots import PeriodKey
from digest.ids import EditionId, VariantId
from digest.sending.adapters.freshness import under_way
from digest.sending.freshness import Freshness
from tests.digest.relay import KEY, newsroom
from tests.given import NOW, plan_period


def is_stale(service: Service, letters: Freshness) -> bool:
    with service.database.read.begin() as connection:
        return letters.after_joining(under_way(connection, None)).is_stale


def test_an_edition_that_is_resumed_is_made_anew_as_one_that_joins(tmp_path: Path) -> None:
    """What it planned again meanwhile may show a text that went while nobody waited for it."""
    with newsroom(tmp_path) as service:
        edition = plan_period(service, service.digests[0], PeriodKey(KEY), NOW)
        assert is_stale(service, Freshness())
        with service.database.read.begin() as connection:
            newest, editions = service.articles.last_seq(connection), under_way(connection, None)
        letters = Freshness().after_making(newest, editions, all_pulled=service.letters.render_waiting(NOW))
        assert not is_stale(service, letters)
        assert service.edition_control.pause(edition, "somebody asked for it")
        assert not is_stale(service, letters)
        with service.database.read.begin() as connection:
            letters = letters.after_joining(under_way(connection, None))
        assert service.edition_control.resume(service.editions.get(edition.digest, edition.key))
        assert is_stale(service, letters)


def test_a_text_that_went_makes_letters_stale_only_when_it_is_newer_than_they_are() -> None:
    letters = Freshness(heard=Seq(5)).after_making(Seq(7), frozenset({EditionId(1)}), all_pulled=True)
    assert not letters.after_touching(Seq(7), frozenset()).is_stale
    touched = letters.after_touching(Seq(8), frozenset({VariantId(3)}))
    assert touched.is_stale
    assert touched.outdated == {VariantId(3)}
    assert letters.after_acts(Seq(8)) == replace(letters, heard=Seq(8))


def test_letters_that_were_claimed_with_a_text_that_is_gone_are_made_anew_until_none_of_them_is_left() -> None:
    letters = Freshness(outdated=frozenset({VariantId(3)}))
    under_way = letters.after_making(Seq(7), frozenset(), all_pulled=False)
    assert (under_way.is_stale, under_way.outdated) == (False, {VariantId(3)})
    assert under_way.after_claiming().is_stale
    pulled = under_way.after_making(Seq(7), frozenset(), all_pulled=True)
    assert (pulled.after_claiming().is_stale, pulled.outdated) == (False, frozenset())
