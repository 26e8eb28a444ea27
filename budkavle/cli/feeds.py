"""Feeds: built and published."""

from cyclopts import App

from budkavle.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigFile, Exit, complain, now, say, say_json, ticking
from budkavle.config import load
from budkavle.noting import note
from budkavle.publishing import build_feeds
from budkavle.wiring import open_service

app = App(name="feeds", help="Build the documents that feed readers fetch.")


@app.command
def build(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Build every feed and replace the documents that changed."""
    with open_service(load(config)) as service, ticking("Building feeds", len(service.feeds)) as tick:
        done = build_feeds(service, tick)
        note(service, done.changed, now())
    for each in done.set_aside:
        complain(f"set aside  {each.article_id} ({each.title}): {each.why}")
    for fault in done.faults:
        complain(f"fault      {fault}")
    if json:
        say_json({"documents": done.documents, "changed": list(done.changed), "set_aside": len(done.set_aside)})
    else:
        say(f"{done.documents} documents, {len(done.changed)} of them changed")
    return Exit.NEEDS_A_PERSON if done.set_aside or done.faults else Exit.DONE
