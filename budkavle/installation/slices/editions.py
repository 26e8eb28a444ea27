"""Wiring of editions: what plans, composes, previews and explains them, and reads past ones."""

from functools import cached_property, partial

from budkavle.installation.slices.lifecycle import LifecycleServices
from budkavle.installation.values import digests, publication
from budkavle.rendering.templates import kept_renderer, letter_templates
from digest.editions.adapters.retention import Retention
from digest.editions.compose import Composer
from digest.editions.digest import Digest
from digest.editions.explain import Explaining
from digest.editions.past_editions import PastEditions
from digest.editions.plan import Planning
from digest.editions.preview import Preview
from digest.editions.preview_notes import PreviewNotes
from digest.letters.publication import Publication


class EditionServices(LifecycleServices):
    """What is done with editions."""

    @cached_property
    def digests(self) -> tuple[Digest, ...]:
        """The newsletters in the order of the file."""
        return digests(self.config)

    @cached_property
    def retention(self) -> Retention:
        """Retention of old editions."""
        return Retention(self.database.write)

    @cached_property
    def publication(self) -> Publication:
        """What all letters have in common."""
        return publication(self.config)

    @cached_property
    def composer(self) -> Composer:
        """What makes letters of contents, by the templates of the installation."""
        settings = self.config.settings
        return Composer(
            articles=self.articles,
            editions=self.editions,
            publication=self.publication,
            render=self.render,
            render_kept=lambda templates: kept_renderer(templates, settings.language, settings.timezone),
        )

    @cached_property
    def planning(self) -> Planning:
        """What fixes editions and plans them."""
        return Planning(
            articles=self.articles,
            editions=self.editions,
            planner=self.planner,
            composer=self.composer,
            letter_templates=partial(letter_templates, self.config.templates_folder),
            end_pauses=self.preferences.resume_due,
        )

    @cached_property
    def preview(self) -> Preview:
        """What makes the letter of the edition to come."""
        return Preview(
            articles=self.articles,
            editions=self.editions,
            subscribers=self.subscribers,
            planning=self.planning,
            composer=self.composer,
        )

    @cached_property
    def preview_notes(self) -> PreviewNotes:
        """What tells who will get nothing from the edition to come."""
        return PreviewNotes(
            database=self.database,
            articles=self.articles,
            editions=self.editions,
            subscribers=self.subscribers,
            planning=self.planning,
        )

    @cached_property
    def explaining(self) -> Explaining:
        """What explains an edition to one subscription."""
        return Explaining(
            database=self.database,
            articles=self.articles,
            editions=self.editions,
            planning=self.planning,
            composer=self.composer,
        )

    @cached_property
    def past_editions(self) -> PastEditions:
        """What reads past editions for their pages."""
        return PastEditions(database=self.database, articles=self.articles, composer=self.composer)
