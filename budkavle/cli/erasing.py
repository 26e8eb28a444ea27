"""Erasing an article: for ever, so a person says it twice."""

import sys
from typing import Annotated

from cyclopts import Parameter

from articles.article import ArticleId
from budkavle import erasing
from budkavle.cli.terminal import DEFAULT_CONFIG, ConfigFile, Exit, WrongUseError, complain, now, say
from budkavle.config import load
from budkavle.wiring import open_to_write


def erase(
    article: str,
    /,
    *,
    yes: Annotated[bool, Parameter(negative=(), help="Do not ask.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Blank every version of an article for ever: feeds keep a tombstone, letters and pages nothing."""
    article_id = ArticleId(article)
    with open_to_write(load(config)) as service:
        title = service.articles.history(article_id).article.title
        if not (yes or _confirmed(f"{title}\nErase every version of {article_id} for ever?")):
            complain("nothing is changed")
            return Exit.NEEDS_A_PERSON
        done = erasing.erase(service, article_id, now())
        steps = erasing.beyond_reach(service, article_id)
    for line in _told(done):
        say(line)
    say("\nstill for you to do:")
    for step in steps:
        say(f"- {step}")
    return Exit.DONE if done.scrubbed and not done.faults else Exit.TRY_LATER


def _confirmed(question: str) -> bool:
    """Whether a person at the terminal says yes. Raises WrongUseError where there is none."""
    if not sys.stdin.isatty():
        raise WrongUseError("an erasure cannot be taken back, and nobody is here to be asked; say --yes if it is meant")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in {"y", "yes", "j", "ja"}


def _told(done: erasing.Erased) -> list[str]:
    lines = [f"erased as seq {done.seq}" if done.seq else "it was erased before; what came in of it since is dropped"]
    lines.append(f"{done.letters} waiting letters lost it, {done.forms} kept letters that showed it were dropped")
    lines.append(f"{done.documents} documents of feeds were made anew without it")
    lines += [f"{fault}; it holds the text still, so mend that and erase it again" for fault in done.faults]
    if done.under_way:
        lines.append("letters with it are being sent at this moment: their copies are dropped when that is done")
    if not done.scrubbed:
        lines.append("the store was in use: traces of the text may lie in its log; erase it again to have them gone")
    return lines
