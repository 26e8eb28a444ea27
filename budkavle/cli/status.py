"""The state of everything at a glance."""

from budkavle.cli.terminal import DEFAULT_CONFIG, AsJson, ConfigFile, Exit, now, say, say_json
from budkavle.config import load
from budkavle.planning import upcoming
from budkavle.wiring import Service, open_service
from digest.edition import newest_of_each


def status(*, json: AsJson = False, config: ConfigFile = DEFAULT_CONFIG) -> int:
    """Show the last and the next of everything, and what needs a person."""
    with open_service(load(config)) as service:
        facts = _facts(service)
        needs = _needs(service)
    if json:
        say_json({**facts, "needs": needs})
    else:
        for name, value in facts.items():
            say(f"{name:<28} {value}")
        for need in needs:
            say(f"needs a person: {need}")
    return Exit.NEEDS_A_PERSON if needs else Exit.DONE


def _facts(service: Service) -> dict[str, object]:
    facts: dict[str, object] = {
        "articles": sum(1 for _ in service.articles.histories()),
        "newest seq": service.articles.last_seq(),
        "subscriptions": sum(1 for each in service.subscribers.all() if each.state == "active"),
    }
    for digest in service.config.settings.digests:
        newest = service.editions.newest(digest.name)
        facts[f"{digest.name}: last edition"] = f"{newest.key} {newest.state}" if newest else "none yet"
        facts[f"{digest.name}: next edition"] = upcoming(service, digest, now()).key
    return facts


def _needs(service: Service) -> list[str]:
    waiting = len(service.held.waiting())
    needs = [f"{waiting} inputs wait: budkavle articles held"] if waiting else []
    needs += [
        f"{each.edition.digest} {each.edition.key}: budkavle digest status {each.edition.digest}"
        for each in newest_of_each(service.editions.status())
        if each.needs_a_person
    ]
    return needs
