"""Whether letters are as new as the store: an edition that begins again is looked at again."""

from pathlib import Path

from budkavle.installation.wiring import Service
from digest.editions.adapters.withdrawn_texts import Gone
from digest.editions.slots import PeriodKey
from digest.sending.adapters.freshness import Freshness
from digest.sending.send import render_forms
from tests.digest.relay import KEY, newsroom
from tests.given import NOW, plan_period


def is_stale(service: Service, texts: Freshness) -> bool:
    with service.database.read.begin() as connection:
        return texts.is_stale(connection)


def test_an_edition_that_is_resumed_is_made_anew_as_one_that_joins(tmp_path: Path) -> None:
    """What it planned again meanwhile may show a text that went while nobody waited for it."""
    with newsroom(tmp_path) as service:
        edition = plan_period(service, service.config.settings.digests[0], PeriodKey(KEY), NOW)
        texts = Freshness(service.articles.last_seq, lambda _, __: Gone())
        assert is_stale(service, texts)
        with service.database.read.begin() as connection:
            present = texts.present(connection)
        texts.refreshed(present, all_pulled=render_forms(service, NOW))
        assert not is_stale(service, texts)
        assert service.editions.pause(edition, "somebody asked for it")
        assert not is_stale(service, texts)
        assert service.editions.resume(service.editions.get(edition.digest, edition.key))
        assert is_stale(service, texts)
