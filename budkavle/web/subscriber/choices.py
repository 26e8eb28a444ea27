"""Form options: what pages offer to choose, and what of it was chosen."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from babel import Locale

from budkavle.installation.wiring import Service
from budkavle.rendering.translations import name_of, translations
from budkavle.web.subscriber.fields import Fields
from digest.editions.digest import Digest
from digest.subscribers.subscription import Filter, filter_of


@dataclass(frozen=True, kw_only=True)
class Option:
    """An option of a form. `lang` is the language of its label, where that is not the page's."""

    id: str
    label: str
    chosen: bool = False
    about: str = ""
    lang: str = ""


class FormOptions:
    """The options of forms: digests, topics, publishers and languages of an installation."""

    def __init__(self, service: Service) -> None:
        self._digests = {digest.name: digest for digest in service.digests}
        self._offer = service.offer

    def title(self, digest: str) -> str:
        """What people call a digest."""
        return self._offer.digests.get(digest, digest)

    def digests(self, chosen: Collection[str], language: str) -> list[Option]:
        """All digests; the only one there is need not be chosen."""
        only = len(self._digests) == 1
        return [
            Option(id=name, label=digest.title, chosen=only or name in chosen, about=rhythm_in_words(digest, language))
            for name, digest in self._digests.items()
        ]

    def topics(self, digests: Iterable[str], chosen: Collection[str]) -> list[Option]:
        """The topics that these digests may hold."""
        return _options(self._within(digests, "topics", self._offer.topics), chosen)

    def publishers(self, digests: Iterable[str], chosen: Collection[str]) -> list[Option]:
        """The publishers that these digests may hold news of."""
        return _options(self._within(digests, "publishers", self._offer.publishers), chosen)

    def languages(self, chosen: str) -> list[Option]:
        """The languages of letters and pages, each called by its own name; who chooses one is told in it what else."""
        return [
            Option(
                id=language,
                label=name_of(language),
                chosen=language == chosen,
                lang=language,
                about=self._still_in(language),
            )
            for language in sorted(self._offer.languages, reverse=True)
        ]

    def _still_in(self, language: str) -> str:
        """Which letters come in another language than this one, whoever chooses it."""
        if language == self._offer.language or not self._digests:
            return ""
        words = {"language": str(Locale.parse(self._offer.language).get_display_name(language))}
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
        topics = [option.id for option in self.topics(offered, fields.get("topic", ())) if option.chosen]
        publishers = [option.id for option in self.publishers(offered, fields.get("publisher", ())) if option.chosen]
        return filter_of(topics, publishers)

    def chosen_language(self, fields: Fields, default: str) -> str:
        """The language that a form asks for."""
        language = fields.get("language", [default])[-1]
        return language if language in self._offer.languages else default

    def words(self, wanted: Filter) -> dict[str, Sequence[str]]:
        """A filter as people call it."""
        return {
            "topics": sorted(self._offer.topics.get(topic, topic) for topic in wanted.topics),
            "publishers": sorted(self._offer.publishers.get(publisher, publisher) for publisher in wanted.publishers),
        }

    def empty_ones(self, digests: Iterable[str], wanted: Filter) -> list[str]:
        """The titles of those digests that could never hold anything of what is wanted."""
        return [digest.title for digest in map(self._digests.__getitem__, digests) if _never(digest, wanted)]

    def _within(self, digests: Iterable[str], kind: str, labels: Mapping[str, str]) -> Mapping[str, str]:
        """The ids of this kind that some of these digests may hold: a digest that names none holds all."""
        limits = [getattr(self._digests[name].selection, kind) for name in digests if name in self._digests]
        if not limits or not all(limits):
            return labels
        named = {name for limit in limits for name in limit}
        return {id_: label for id_, label in labels.items() if id_ in named}


def rhythm_in_words(digest: Digest, language: str) -> str:
    """How often a digest comes."""
    return str(translations(language).ugettext(digest.rhythm.every.words))


def _options(labels: Mapping[str, str], chosen: Collection[str]) -> list[Option]:
    return [Option(id=id_, label=label, chosen=id_ in chosen) for id_, label in labels.items()]


def _never(digest: Digest, wanted: Filter) -> bool:
    pairs = ((digest.selection.topics, wanted.topics), (digest.selection.publishers, wanted.publishers))
    return any(allowed and chosen and not chosen.intersection(allowed) for allowed, chosen in pairs)
