"""Subscription status in another system, in the words that such systems use: who gets letters there, and who does not.

Only words that are known to say yes do. What begins like a word of leaving says no whatever else it holds, so that a
wording nobody foresaw keeps somebody away rather than bringing them back.
"""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache

_WORDS_REMEMBERED = 4096


class Membership(StrEnum):
    """What another system says of somebody. The first of these that any column says holds."""

    COMPLAINED = "called a letter spam there"
    LEFT = "has left there"
    BOUNCED = "bounced there"
    BLOCKED = "is blocked there"
    PAUSED = "is paused there"
    UNCONFIRMED = "never confirmed there"
    ABSENT = "is not subscribed there"
    UNKNOWN = "has a status that is not known"
    SUBSCRIBED = "is subscribed there"


_SEVERITY = {membership: place for place, membership in enumerate(Membership)}
REMEMBERED = frozenset({Membership.COMPLAINED, Membership.LEFT, Membership.BOUNCED, Membership.BLOCKED})
"""A no that is kept: no later list brings them. Who only paused or never confirmed said none, and is not kept."""

_STEMS = {
    Membership.COMPLAINED: (
        "complain spam abuse junk klagat klagomål beschwerde plainte queja klacht skräppost reclamação roskaposti"
    ),
    Membership.LEFT: (
        "unsub optout optedout optsout avreg avprenum avbest avanm avslut avmel avmäl uppsag uppsäg utträd utskriven "
        "lämnat slutat abgemeld abmeld austrag ausgetrag abbestell kündig widerruf désabon desabon désinscr desinscr "
        "résili debaja desuscri cancel disiscr annullat afgemeld afmeld uitgeschr uitschr opgezegd frameld framäl "
        "peruut peruttu eronnut wypis rezygn odsubskryb descadastr отпис leftat leftlist dateleft leaving withdraw "
        "withdrew revoke återkall återtag donot dontmail dontemail dontcontact nomail ejutskick ejmejl ejepost "
        "intemejl ingautskick ingareklam nejtack remov delet borttag raderad ended expire unregister deregister "
        "signedoff objection invändning left"
    ),
    Membership.BOUNCED: (
        "bounc studs clean invalid ogiltig felaktig undeliver unreach obeställ unzustell rebond rebot rimbalz "
        "returned returnert quarantin karantän doesnotexist nosuchuser"
    ),
    Membership.BLOCKED: (
        "block blacklist svartlist suppress spärr banned gesperrt sperrliste bloqu blocc geblok disabl deaktiv "
        "deactiv inaktiv inactiv avstäng reject refus denied onhold temphold hold held suspend bymoderator exclud "
        "exkluder uteslut"
    ),
    Membership.PAUSED: "paus vilande vacation semester snooz dormant byuser",
    Membership.UNCONFIRMED: (
        "unconfirm notconfirm notyetconfirm pending obekräft obekraft ejbekräft intebekräft unactivat notactivat "
        "unverif notverif awaiting väntar väntande waiting unbestätig ausstehend nonconfirm enattente "
        "sinconfirmar pendient pendente inattesa onbevestigd ubekræft ubekreft vahvistamat niepotwierdz invited "
        "inbjud"
    ),
    Membership.ABSENT: (
        "nonmember notsubscrib nonsubscrib neversubscrib notamember archiv arkiver nonmarketing ejaktiv inteaktiv "
        "notactive ejprenum inteprenum ejmedlem nichtaktiv pasactif noactivo"
    ),
}
_AT_THE_START = frozenset({"left", "ended", "hold", "held"})
"""Too short to be looked for inside other words, as "household" and "extended"."""
_NOES = {
    membership: re.compile(
        "|".join(f"^{re.escape(stem)}" if stem in _AT_THE_START else re.escape(stem) for stem in stems.split())
    )
    for membership, stems in _STEMS.items()
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_YES = _words(
    "active aktiv aktiva subscribed subscriber enabled confirmed verified regular normal ok optin optedin member "
    "yes ja true sant prenumererar prenumerant prenumererad bekräftad bekräftat aktiverad medlem godkänd abonniert "
    "angemeldet bestätigt aktiviert abonné abonne inscrit actif confirmé suscrito activo confirmado iscritto attivo "
    "confermato ingeschreven actief bevestigd tilmeldt påmeldt abonnent aktiivinen tilaaja vahvistettu aktywny "
    "potwierdzony ativo inscrito подписан активен oui si sí sì tak kyllä ✓ ✔ ☑ ✅"
)
_DENIALS = _words(
    "false falskt falsch faux falso n no nej nein non não nee nei nie ei inte ingen inget none null nil nan na "
    "undefined never aldrig off av unset ✗ ✘ ☓ ☐ ❌"
) | {""}
_REFUSALS = _words("false falskt falsch faux falso n no nej nein non não nee nei nie ei nekat avböjt ✗ ✘ ☓ ❌")


_NO_DATE = re.compile(r"(?:0+|00010101|19700101|19000100)(?:t?0+z?)?(?:utc)?")
"""Zero, and the dates that databases and programs write where there is none."""


LONGEST_NAME = 1_000
"""Characters of a name or word that count: composing a thousand accents on one letter takes longer than all else."""


def squashed(text: str) -> str:
    """A name or word by its letters and digits alone, so that spelling, case and separators make no difference."""
    folded = unicodedata.normalize("NFC", text[:LONGEST_NAME]).casefold()
    return re.sub(r"[\W_]+", "", folded) or folded.strip(" \t\r\n\xa0\ufe0f-–—./:,;'\"")


@lru_cache(maxsize=_WORDS_REMEMBERED)
def denies(cell: str) -> bool:
    """Whether a cell of a column such as "bounced" says that it is not so: empty, "nej", "false", 0, no date."""
    word = squashed(cell)
    return word in _DENIALS or _NO_DATE.fullmatch(word) is not None


@lru_cache(maxsize=_WORDS_REMEMBERED)
def refuses(cell: str) -> bool:
    """Whether a cell of a column such as "consent" says no in words; an empty one and a 0 say nothing."""
    return squashed(cell) in _REFUSALS


def smells(text: str) -> Membership | None:
    """The first kind of no that a text holds a word of; None where it holds none."""
    plain = squashed(text)
    return next((membership for membership, words in _NOES.items() if words.search(plain)), None)


@lru_cache(maxsize=_WORDS_REMEMBERED)
def said_by(cell: str) -> Membership:
    """What a cell of a status column says."""
    word = squashed(cell)
    if word in _YES:
        return Membership.SUBSCRIBED
    if no := smells(cell):
        return no
    return Membership.ABSENT if word and denies(cell) and not word.isdecimal() else Membership.UNKNOWN


def is_plain_no(cell: str) -> bool:
    """Whether a whole cell is nothing but a word of leaving, whatever its column is called."""
    if len(cell) > _LONGEST_WORD or not _WHOLE.match(cell):
        return False  # nearly every cell of a million lines
    return _WHOLE.fullmatch(squashed(cell)) is not None


def worst(said: list[Membership]) -> Membership:
    """What holds where several columns speak."""
    return min(said, key=_SEVERITY.__getitem__, default=Membership.SUBSCRIBED)


_LONGEST_WORD = 32
_WHOLE = re.compile(
    r"[\W_]*(?:unsubscribed?|opted?[\W_]?out|(?:hard|soft)?[\W_]?bounced?|undeliverable|complain(?:ed|t)|junk|"
    r"spam[\W_]?(?:complaint|report)|marked[\W_]as[\W_]spam|(?:block|black)listed|blocked|banned|suppressed|"
    r"unconfirmed|pending|inactive|cancell?ed|cleaned|disabled|removed|deleted|paused|"
    r"avregistrera[dt]|avprenumerera[dt]|avbeställ[dt]|avanmäl[dt]|avsluta[dt]|uppsag[dt]|utträ(?:dd|tt)|"
    r"studsa[dt]|svartlista[dt]|spärra[dt]|blockera[dt]|obekräfta[dt]|inaktiv|pausa[dt]|raderad|borttagen|"
    r"abgemeldet|ausgetragen|gekündigt|gesperrt|unbestätigt|inaktiv|désabonnée?|désinscrite?|bloquée?|rebond|"
    r"dado[\W_]de[\W_]baja|cancelado|rebotado|bloqueado|disiscritt[oa]|cancellato|afgemeld|uitgeschreven|"
    r"afmeldt|avmeldt|returnert|blokert|peruutettu|wypisany|отписан)",
    re.IGNORECASE,
)
