"""The templates that editions were fixed with, each set kept once under the hash of its files."""

import hashlib
import json
from collections.abc import Mapping

from sqlalchemy import Connection, insert, select

from digest.adapters.tables import editions, template_sets
from digest.ids import EditionId


def keep_templates(connection: Connection, files: Mapping[str, str]) -> str:
    """Keep a set of templates, name to text, where it is new; says its id."""
    text = json.dumps(files, ensure_ascii=False, sort_keys=True)
    identity = hashlib.sha256(text.encode()).hexdigest()
    same = select(template_sets.c.id).where(template_sets.c.id == identity)
    if connection.execute(same).first() is None:
        connection.execute(insert(template_sets).values(id=identity, files=text))
    return identity


def kept_templates(connection: Connection, edition: EditionId) -> Mapping[str, str] | None:
    """The set that an edition points to."""
    files_of_editions = select(template_sets.c.files).join(editions, editions.c.templates == template_sets.c.id)
    text = connection.execute(files_of_editions.where(editions.c.id == edition)).scalar()
    files: Mapping[str, str] | None = json.loads(text) if text else None
    return files
