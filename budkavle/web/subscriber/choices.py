"""What pages offer to choose from, and what of it was chosen."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from babel import Locale

from budkavle.installation.wiring import Service
from budkavle.rendering.translations import languages, name_of, translations
from budkavle.web.subscriber.fields import Fields
from digest.editions.digest import Digest
from digest.subscribers.subscription import Filter, filter_of


@dataclass(frozen=True, kw_only=True)
class Option:
    """One thing to choose. `lang` is the language of its label, where that is not the page's."""

    id: str
    label: str
    chosen: bool = False
    about: str = ""
    lang: str = ""


class Offer:
    """The digests, topics, publishers and languages of an installation."""

    def __init__(self, service: Service) -> None:
        settings = service.config.settings
        self._digests = {digest.name: digest for digest in service.digests}
        self._language = settings.language
        self._topics = {topic.id: topic.label for topic in settings.topics}
        self._publishers = {publisher.id: publisher.name for publisher in settings.publishers}

    def title(self, digest: str) -> str:
        """What people call a digest."""
        known = self._digests.get(digest)
        return known.title if known else digest

    def digests(self, chosen: Collection[str], language: str) -> list[Option]:
        """All digests; the only one there is need not be chosen."""
        only = len(self._digests) == 1
        return [
            Option(id=name, label=each.title, chosen=only or name in chosen, about=rhythm_in_words(each, language))
            for name, each in self._digests.items()
        ]

    def topics(self, digests: Iterable[str], chosen: Collection[str]) -> list[Option]:
        """The topics that these digests may hold."""
        return _options(self._within(digests, "topics", self._topics), chosen)

    def publishers(self, digests: Iterable[str], chosen: Collection[str]) -> list[Option]:
        """The publishers that these digests may hold news of."""
        return _options(self._within(digests, "publishers", self._publishers), chosen)

    def languages(self, chosen: str) -> list[Option]:
        """The languages of letters and pages, each called by its own name; who chooses one is told in it what else."""
        return [
            Option(id=each, label=name_of(each), chosen=each == chosen, lang=each, about=self._still_in(each))
            for each in sorted(languages(), reverse=True)
        ]

    def _still_in(self, language: str) -> str:
        """Which letters come in another language than this one, whoever chooses it."""
        if language == self._language or not self._digests:
            return ""
        words = {"language": str(Locale.parse(self._language).get_display_name(language))}
        text = translations(language).ugettext(
            "For pages and for letters about your subscription. The newsletters themselves come in %(language)s."
        )
        return str(text) % words

    def every_digest(self) -> tuple[str, ...]:
        """The names of all digests."""
        return tuple(self._digests)

    def chosen_digests(self, fields: Fields) -> tuple[str, ...]:
        """The digests that a form asks for, in the order of the configuration."""
        return tuple(name for name in self._digests if name in fields.get("digest", ()))

    def chosen_filter(self, fields: Fields, digests: Iterable[str]) -> Filter:
        """The topics and publishers that a form asks for, as far as they are on offer."""
        offered = [*digests]
        topics = [each.id for each in self.topics(offered, fields.get("topic", ())) if each.chosen]
        publishers = [each.id for each in self.publishers(offered, fields.get("publisher", ())) if each.chosen]
        return filter_of(topics, publishers)

    def chosen_language(self, fields: Fields, own: str) -> str:
        """The language that a form asks for."""
        asked = fields.get("language", [own])[-1]
        return asked if asked in languages() else own

    def words(self, wanted: Filter) -> dict[str, Sequence[str]]:
        """A filter as people call it."""
        return {
            "topics": sorted(self._topics.get(each, each) for each in wanted.topics),
            "publishers": sorted(self._publishers.get(each, each) for each in wanted.publishers),
        }

    def empty_ones(self, digests: Iterable[str], wanted: Filter) -> list[str]:
        """The titles of those digests that could never hold anything of what is wanted."""
        return [each.title for each in map(self._digests.__getitem__, digests) if _never(each, wanted)]

    def _within(self, digests: Iterable[str], kind: str, all_: dict[str, str]) -> dict[str, str]:
        """The ids of this kind that some of these digests may hold: a digest that names none holds all."""
        limits = [getattr(self._digests[name].selection, kind) for name in digests if name in self._digests]
        if not limits or not all(limits):
            return all_
        named = {each for limit in limits for each in limit}
        return {id_: label for id_, label in all_.items() if id_ in named}


def rhythm_in_words(digest: Digest, language: str) -> str:
    """How often a digest comes."""
    return str(translations(language).ugettext(digest.rhythm.every.words))


def _options(known: dict[str, str], chosen: Collection[str]) -> list[Option]:
    return [Option(id=id_, label=label, chosen=id_ in chosen) for id_, label in known.items()]


def _never(digest: Digest, wanted: Filter) -> bool:
    pairs = ((digest.selection.topics, wanted.topics), (digest.selection.publishers, wanted.publishers))
    return any(own and chosen and not chosen.intersection(own) for own, chosen in pairs)
