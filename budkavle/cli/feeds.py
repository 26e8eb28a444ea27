"""Commands about feeds: build and publish them, prove them whole."""

from typing import Annotated

from cyclopts import App, Parameter

from budkavle.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigFile, Exit, complain, now, say, say_json, ticking
from budkavle.config.load import load
from budkavle.installation.wiring import open_to_read, open_to_write
from budkavle.rendering.wording import counted

app = App(name="feeds", help="Build the documents that feed readers fetch, and prove them whole.")
Everything = Annotated[bool, Parameter(name="--all", negative=(), help="Make everything anew, not only what changed.")]


@app.command
def build(*, all: Everything = False, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:  # noqa: A002 - the name of the option
    """Bring every feed up to date with the store, and replace the documents that changed."""
    with open_to_write(load(config)) as service:
        service.importing.lapse.round(now())
        service.syndication.publish.repair()
        published = service.syndication.publish.build(ticking, now=now(), everything=all)
        service.syndication.notes.note(published.changed, now())
    for set_aside in published.set_aside:
        complain(f"set aside  {set_aside.article_id} ({set_aside.title}): {set_aside.why}")
    for fault in published.faults:
        complain(f"fault      {fault}")
    if json:
        say_json(
            {
                "documents": published.documents,
                "built": published.built,
                "changed": list(published.changed),
                "set_aside": len(published.set_aside),
            }
        )
    else:
        say(f"{counted(published.documents, 'document')}, {len(published.changed)} of them changed")
    return Exit.NEEDS_A_PERSON if published.set_aside or published.faults else Exit.DONE


@app.command
def verify(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Walk every feed from its address back to its first article: each published id must be met exactly once."""
    with open_to_read(load(config)) as service, ticking("Walking feeds", len(service.syndication.feeds)) as tick:
        faults = list(service.syndication.verify.faults(tick, now()))
        others = service.syndication.expected.surplus(now()).others
        feeds = len(service.syndication.feeds)
    for fault in faults:
        complain(f"fault      {fault}; `budkavle feeds build --all` makes all documents anew")
    for name in others:
        complain(f"not ours   feeds/{name}: Budkavle did not write it and leaves it alone")
    if json:
        say_json({"feeds": feeds, "faults": faults, "not_ours": list(others)})
    else:
        say(f"{counted(feeds, 'feed')} walked, {counted(len(faults), 'fault')}")
    return Exit.NEEDS_A_PERSON if faults else Exit.DONE
