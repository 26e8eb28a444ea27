"""Check of the imprint: whether readers find an address and a person in the foot of letters."""

from collections.abc import Iterator

from budkavle.config.faults import Finding
from budkavle.config.load import Config


def imprint_findings(config: Config) -> Iterator[Finding]:
    """Findings about the imprint: what readers miss who look for the sender, or for somebody who answers."""
    settings = config.settings
    imprint = settings.imprint
    if settings.digests and not imprint.postal:
        what, remedy = "no letter says where its sender can be found", 'write postal = "…" under [imprint]'
        yield Finding(place=("imprint", "postal"), what=what, remedy=remedy)
    if imprint.address or imprint.phone or imprint.url:
        return
    for number, digest in enumerate(settings.digests):
        if digest.reply_to is None:
            what = "its letters name no way to a person"
            remedy = "write address, phone or url under [imprint], or a reply_to that somebody reads"
            yield Finding(place=("digests", number), what=what, remedy=remedy)
