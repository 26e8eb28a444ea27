"""Columns of another system's list: which of them say who gets letters, and which may say so and are not understood."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from digest.lists.membership import smells, squashed
from digest.lists.systems import Role, System

_CLEAR = {
    Role.STATUS: (
        "status substatus subscriberstatus subscriptionstatus subscriptionstate subscriberstate emailstatus "
        "memberstatus contactstatus mailstatus deliverystatus liststatus emailsubscriptionstatus permissionstatus "
        "optinstatus optstatus emailmarketingstatus prenumerationsstatus prenumerantstatus kontaktstatus "
        "medlemsstatus epoststatus utskicksstatus statut estado stato tila статус abostatus tilauksentila"
    ),
    Role.SUBSCRIBED: (
        "subscribed issubscribed active isactive enabled isenabled prenumererar prenumerant aktiv ärprenumerant "
        "subscribedtoemails receivesemail acceptsmarketing acceptsemailmarketing emailoptin optin optedin "
        "villhanyhetsbrev villhautskick abonniert actif activo abonné abonneret ingeschreven"
    ),
    Role.CONFIRMED: "confirmed isconfirmed verified isverified emailverified bekräftad bekräftat bestätigt doubleoptin",
    Role.LEFT: (
        "unsubscribed isunsubscribed unsubscribedat unsubscribeddate unsubscribedate dateunsubscribed unsubscribetime "
        "unsubscribedon unsubscribedtime unsubtime unsubscribereason optout optedout isoptedout optoutdate optouttime "
        "optedoutat hasoptedoutofemail emailoptout optedoutofallemail unsubscribedfromallemail globalunsubscribe "
        "globallyunsubscribed donotemail donotcontact donotmail cancelledat canceledat deletedat removedat "
        "avregistrerad avregistrerat avregistreradnär avregistreraddatum avregistreringsdatum datumavregistrerad "
        "avregdatum avbeställt avbeställd avbeställddatum avbeställningsdatum avprenumererad avprenumererat "
        "avprenumereradatum avprenumereradedatum avslutad avslutat avslutadprenumeration prenumerationavslutad "
        "avslutsdatum avanmäld avanmält avanmäldatum utträde utträdd utträdesdatum lämnat abgemeldet abgemeldetam "
        "abmeldedatum désabonné désinscrit désinscritle datededésinscription datededésabonnement baja fechadebaja "
        "dadodebaja disiscritto datadisiscrizione afgemeld afmelddatum uitgeschreven afmeldt afmeldtdato avmeldt "
        "avmeldtdato peruttu peruutettu peruttupvm wypisany отписан"
    ),
    Role.BOUNCED: (
        "bounced isbounced bouncedat bouncedate bouncetime hardbounce hardbounced hardbouncedat hardbouncedate "
        "bouncereason cleaned cleantime cleanedat invalidemail undeliverable studsat studsad studs studsade studsdatum "
        "ogiltig ogiltigadress ogiltigepost rebond rebotado rimbalzato gebouncet unzustellbar returnert"
    ),
    Role.COMPLAINED: (
        "complained iscomplained complaint complainedat complaintdate spamcomplaint spam markedasspam spamreport "
        "spamreported reportedspam abuse abusecomplaint klagat klagomål spamanmäld spamanmält skräppostanmäld"
    ),
    Role.BLOCKED: (
        "blocked isblocked blocklisted isblocklisted blacklisted isblacklisted blacklist blocklist suppressed disabled "
        "emaildisabled deactivated banned spärrad spärrat spärr blockerad svartlistad inaktiverad avstängd gesperrt "
        "bloqué bloqueado bloccato geblokkeerd"
    ),
    Role.PAUSED: "paused ispaused pausad pausadtill vilande onvacation snoozed snoozeduntil",
    Role.UNCONFIRMED: "unconfirmed isunconfirmed obekräftad obekräftat pending unverified unbestätigt",
    Role.REPORTED: (
        "consent samtycke medgivande optintime optindate optedinat optinat optintimestamp confirmtime confirmedat "
        "confirmdate confirmationdate confirmationtime consentdate consenttime consentat consenttimestamp "
        "consenttext consentsource optinsource gdprconsent subscribedat subscribeddate datesubscribed "
        "optinconfirmation samtyckesdatum samtyckedatum datumförsamtycke samtyckestext samtyckt samtyckegavs "
        "rättsliggrund lagliggrund legalbasis lawfulbasis bekräftaddatum bekräftadnär prenumerersedan "
        "prenumerantsedan bestätigtam abonnésince"
    ),
}
_GENERAL = {name: role for role, names in _CLEAR.items() for name in names.split()}
_HARMLESS = re.compile(r"(url|link|länk|token|hash|ip|ipaddress|ipadress)$")
_MAY_SAY_NO = re.compile(
    "^state$|stat(us|ut)|aktiv|active|enabled|confirm|bekräft|verifi|subscribed|subscription|prenumerer|prenumeration|optin|"
    "optedin|consent|samtyck|medgiv|gdpr|permission|delivery|marketing|reklam|utskick|abonn|suscri|iscri|inscri|"
    "angemeld|zustimm|toestemm|villha|fårmej|fårmail|fårkontakt|fårskick|receiv|allow|tillåt|accept|godkän|newsletter|"
    "nyhetsbrev|kontaktok|mailok|emailok|okatt|reachable"
)
"""Words of columns that hold a yes, and so may hold a no."""
_OPTED_OUT_OF = re.compile(r"(optedoutof|optoutof|unsubscribedfrom|avregistreradfrån)")


@dataclass(frozen=True, kw_only=True)
class RoleColumn:
    """A column that is read for what another system says of somebody."""

    role: Role
    place: int
    name: str


def role_of(name: str, system: System | None) -> Role | None:
    """What a column is read as by its name; None for one that is not known."""
    plain = squashed(name)
    if system is not None and plain in system.roles:
        return system.roles[plain]
    if plain in _GENERAL:
        return _GENERAL[plain]
    return Role.LEFT if _OPTED_OUT_OF.match(plain) else None


def may_say_no(name: str) -> bool:
    """Whether a column that nobody reads may say that somebody left, bounced, or never agreed."""
    plain = squashed(name)
    return not _HARMLESS.search(plain) and bool(smells(name) or _MAY_SAY_NO.search(plain))


def roles_in(
    header: Sequence[str], system: System | None, taken: Collection[int], named: Mapping[int, Role]
) -> tuple[RoleColumn, ...]:
    """The columns of a list that are read for what another system says; `taken` are read for something else.

    `named` are those that an operator names.
    """
    roles = {**named}
    for place, name in enumerate(header):
        role = role_of(name, system)
        if role is not None and place not in taken:
            roles.setdefault(place, role)
    return tuple(
        RoleColumn(role=role, place=place, name=header[place] if place < len(header) else f"column {place + 1}")
        for place, role in sorted(roles.items())
    )


def not_understood(header: Sequence[str], read: Collection[int]) -> tuple[str, ...]:
    """The names of the columns that may say no and are not among those that are `read`, or looked at by a person."""
    return tuple(name for place, name in enumerate(header) if place not in read and may_say_no(name))
