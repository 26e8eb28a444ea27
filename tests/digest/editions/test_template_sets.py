"""An edition is rendered to its end from the templates it was fixed with, whatever becomes of the files."""

from pathlib import Path

from sqlalchemy import func, select, update

from budkavle.installation.wiring import Service
from budkavle.rendering.templates import built_in_templates
from digest.adapters.tables import editions, template_sets
from digest.editions.adapters.withdrawn_texts import WithdrawnTexts, withdraw_texts
from digest.editions.edition import Edition
from digest.editions.slots import PeriodKey
from digest.letters.letter import LetterForm
from tests.digest.relay import KEY, TITLE, newsroom, publish
from tests.given import NOW, plan_period

FIRST, SECOND = "XEFIRSTQQ", "XESECONDQQ"


def write_own(folder: Path, mark: str) -> None:
    """Replace the text of letters by one that begins with a mark."""
    path = folder / "templates" / "letters" / "edition.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    built_in = (built_in_templates() / "letters" / "edition.txt").read_text(encoding="utf-8")
    path.write_text(f"{mark}\n{built_in}", encoding="utf-8")


def planned(service: Service, key: str) -> Edition:
    return plan_period(service, service.digests[0], PeriodKey(key), NOW)


def forms(service: Service, edition: Edition) -> list[LetterForm]:
    """Every letter that waits for its bytes, made as sending makes it."""
    (digest,) = service.digests
    return [
        service.composer.letter_form(digest, edition, content) for content in service.forms.unrendered(edition).values()
    ]


def test_a_template_changed_in_the_middle_of_a_run_waits_for_the_next_edition(tmp_path: Path) -> None:
    write_own(tmp_path, FIRST)
    with newsroom(tmp_path) as service:
        publish(service, "Gäller snart inte")
        edition = planned(service, KEY)
        write_own(tmp_path, SECOND)
        assert all(FIRST.encode() in form.message for form in forms(service, edition))
        withdrawn = [each.article.id for each in service.articles.histories() if each.article.title != TITLE]
        withdraw_texts(service.database.write, WithdrawnTexts(withdrawn=frozenset(withdrawn)), NOW)
        (made_anew,) = forms(service, edition)
        assert FIRST.encode() in made_anew.message
        publish(service, "Ny bro")
        (form,) = forms(service, planned(service, "2026-01-16"))
        assert SECOND.encode() in form.message


def test_editions_of_unchanged_templates_share_one_set(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        for key in ("2026-01-09", "2026-01-16"):
            planned(service, key)
        with service.database.read.begin() as connection:
            assert connection.execute(select(func.count()).select_from(template_sets)).scalar() == 1
            assert connection.execute(select(func.count(editions.c.templates))).scalar() == 2


def test_a_set_holds_the_letters_and_nothing_else(tmp_path: Path) -> None:
    with newsroom(tmp_path) as service:
        kept = service.editions.templates(planned(service, KEY))
    assert kept is not None
    assert {name.partition("/")[0] for name in kept} == {"letters"}
    assert kept["letters/edition.css"] == (built_in_templates() / "letters/edition.css").read_text(encoding="utf-8")


def test_an_edition_older_than_such_sets_is_rendered_from_the_templates_of_today(tmp_path: Path) -> None:
    write_own(tmp_path, FIRST)
    with newsroom(tmp_path) as service:
        edition = planned(service, KEY)
        with service.database.write.begin() as connection:
            connection.execute(update(editions).values(templates=None))
        assert all(FIRST.encode() in form.message for form in forms(service, edition))
