"""Erasure of an article, for ever: so a person says it twice."""

from budkavle.cli.articles.names import ArticleName, article_named
from budkavle.cli.confirm_prompt import Yes, confirmed
from budkavle.cli.terminal import DEFAULT_CONFIG, ConfigFile, Exit, complain, now, say
from budkavle.config.load import load
from budkavle.installation.wiring import open_to_write
from budkavle.maintenance import erase_article as erasing
from budkavle.rendering.wording import counted

_FOR_EVER = "an erasure cannot be taken back"


def erase(
    article: ArticleName,
    /,
    *,
    yes: Yes = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """Blank every version of an article for ever: feeds keep a tombstone, letters and pages nothing."""
    with open_to_write(load(config)) as service:
        article_id = article_named(service, article)
        title = service.articles.history(article_id).article.title
        if not (yes or confirmed(f"{title}\nErase every version of {article_id} for ever?", _FOR_EVER)):
            complain("nothing is changed")
            return Exit.NEEDS_A_PERSON
        erased = erasing.erase(service, article_id, now())
        steps = erasing.beyond_reach(service, article_id, now())
    for line in _report(erased):
        say(line)
    say()
    say("still for you to do:")
    for step in steps:
        say(f"- {step}")
    return Exit.DONE if erased.scrubbed and not erased.faults else Exit.TRY_LATER


def _report(erased: erasing.Erased) -> list[str]:
    lines = [
        f"erased as seq {erased.seq}" if erased.seq else "it was erased before; what came in of it since is dropped"
    ]
    waiting = counted(erased.letters, "waiting letter")
    forms = counted(erased.forms, "kept letter that showed it was", "kept letters that showed it were")
    lines.append(f"{waiting} lost it, {forms} dropped")
    documents = counted(erased.documents, "document of feeds was", "documents of feeds were")
    lines.append(f"{documents} made anew without it")
    lines += [f"{fault}; it holds the text still, so mend that and erase it again" for fault in erased.faults]
    if erased.under_way:
        lines.append("letters with it are being sent at this moment: their copies are dropped when that is done")
    if not erased.scrubbed:
        lines.append("the store was in use: traces of the text may lie in its log; erase it again to have them gone")
    return lines
