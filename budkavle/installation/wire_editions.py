"""Wiring of editions: what plans, composes, previews and explains them."""

from functools import partial

from budkavle.installation.stores import Stores
from budkavle.rendering.templates import kept_renderer, letter_templates
from digest.editions.compose import Composer
from digest.editions.explain import Explaining
from digest.editions.plan import Planning
from digest.editions.preview import Preview
from digest.editions.preview_notes import PreviewNotes
from digest.letters.publication import Publication
from digest.lifecycle.adapters.preferences import Choosing


def composer(stores: Stores, publication: Publication) -> Composer:
    """What makes letters of contents, by the templates of the installation."""
    settings = stores.config.settings
    return Composer(
        articles=stores.articles,
        editions=stores.editions,
        publication=publication,
        render=stores.render,
        render_kept=lambda kept: kept_renderer(kept, settings.language, settings.timezone),
    )


def planning(stores: Stores, composer: Composer) -> Planning:
    """What fixes editions and plans them."""
    return Planning(
        articles=stores.articles,
        editions=stores.editions,
        planner=stores.planner,
        composer=composer,
        letter_templates=partial(letter_templates, stores.config.templates_folder),
        end_pauses=Choosing(stores.database.read, stores.database.write).resume_due,
    )


def preview(stores: Stores, planning: Planning) -> Preview:
    """What makes the letter of the edition to come."""
    return Preview(
        articles=stores.articles,
        editions=stores.editions,
        subscribers=stores.subscribers,
        planning=planning,
        composer=planning.composer,
    )


def preview_notes(stores: Stores, planning: Planning) -> PreviewNotes:
    """What tells who will get nothing from the edition to come."""
    return PreviewNotes(
        database=stores.database,
        articles=stores.articles,
        editions=stores.editions,
        subscribers=stores.subscribers,
        planning=planning,
    )


def explaining(stores: Stores, planning: Planning) -> Explaining:
    """What explains an edition to one subscription."""
    return Explaining(
        database=stores.database,
        articles=stores.articles,
        editions=stores.editions,
        planning=planning,
        composer=planning.composer,
    )
