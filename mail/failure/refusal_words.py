"""Blame of a refusal by its words: the mailbox is gone or closed, or it is our own fault; in several languages.

| blame   | for example                                                                       | of whom           |
|---------|-----------------------------------------------------------------------------------|-------------------|
| ours    | relaying denied, authentication required, sender verify failed, limit reached     | every recipient   |
| mailbox | user unknown, no such mailbox, disabled, full; the codes of RFC 3463, X.1.1, X.2  | one recipient     |
| unsaid  | everything else                                                                   | evidence decides  |

A relay that repeats another server's answer says both at times: what judges the sender counts before what judges the
recipient, and that before the rest. Read after Postfix, Exim, Sendmail, qmail, Exchange, Dovecot and big providers.
"""

import re
from enum import StrEnum

from mail.failure.closed_mailbox_words import names_a_closed_mailbox
from mail.failure.patterns import any_of


class Blame(StrEnum):
    """At whom a refusal points."""

    OURS = "ours"
    """Our right to send: it would be said of every recipient alike."""
    MAILBOX = "mailbox"
    """This recipient: no such mailbox, or one that takes no mail."""
    UNSAID = "unsaid"
    """Neither in words that we know."""


def blame_of(text: str) -> Blame:
    """At whom a refusal points that holds no enhanced code about policy (those are read in `status_codes`)."""
    words = " ".join(text.casefold().split())[:_LONGEST]
    if names_a_closed_mailbox(words):
        return Blame.MAILBOX
    if _OUR_SENDER.search(words) and not _FULL.search(words):
        return Blame.OURS
    if _MAILBOX_CODE.search(words) or _MAILBOX.search(words):
        return Blame.MAILBOX
    return Blame.OURS if _OUR_RIGHT.search(words) else Blame.UNSAID


def names_a_mailbox(words: str) -> bool:
    """Whether words, in lower case, say of the recipient's mailbox or domain that it takes no mail."""
    return _MAILBOX.search(words) is not None


def normalised(text: str) -> str:
    """A refusal without what differs from letter to letter: addresses, hosts, ids, numbers, dates and links."""
    words = _CHANGES.sub(" ", text.casefold()[:_LONGEST])
    return " ".join(_NO_WORD.sub(" ", words).split())


_LONGEST = 1000


_MAILBOX_CODE = re.compile(r"(?<![\d.])5\.(?:1\.(?:1|2|3|4|6|10)|2\.[0124])(?![\d.]*\d)")
"""RFC 3463, sections 3.2 and 3.3, and RFC 7505 (5.1.10): the recipient's address or mailbox."""

_OUR_SENDER = any_of(
    # Exim and cPanel; Postfix, reject_unverified_sender and reject_sender_login_mismatch
    r"sender\s+(?:verif|address (?:rejected|verification)|domain|rejected|denied|unknown|not allowed"
    r"|not authori[sz]ed)",
    r"sender (?:is )?(?:invalid|blocked|unverified|mismatch)",
    r"(?:invalid|unknown|bad|unverified|unauthori[sz]ed|blocked) (?:sender|return.?path|envelope.?from)",
    r"(?:envelope[- ]from|return[- ]path|from address|mail from|sender address) .{0,40}"
    r"(?:not (?:allowed|verified|permitted|owned|valid)|invalid|denied|rejected)",
    r"not (?:owned by|allowed to send (?:as|from|mail)|authori[sz]ed to (?:send|use|relay)|permitted to (?:send"
    r"|relay))",
    r"client (?:was )?not (?:authenticated|authori[sz]ed)|\bunauthenticated\b|not match a verified|credits? exceeded",
    r"exceeded (?:the |your |its )?(?:max(?:imum)?|number of) (?:\w+ ){0,3}(?:e?mails?|messages|recipients)",
    r"send ?as ?denied|not allowed to send as",
    r"(?:outgoing|outbound|sending|smtp) (?:e?mail|messages?|access|privileges?|relay|service)\b.{0,40}"
    r"(?:disabled|revoked|suspended|blocked|restricted|not (?:allowed|permitted|enabled))",
    r"mail sending|(?:disabled|suspended|blocked|locked|restricted) (?:for|from) (?:sending|outgoing|outbound|smtp)",
    r"do(?:es)?(?:n't| not) accept (?:e?mails?|messages) from|abuse (?:desk|team|department)",
    r"(?:this|our) (?:server|host|system|service) (?:does not|doesn't) accept",
    # Login
    r"(?:smtp )?auth(?:entication|ori[sz]ation|\b).{0,30}(?:required|needed|necessary|missing|first|must)",
    r"(?:must|need to|please|requires?|ha(?:ve|s) to) (?:first )?(?:be )?(?:issue|use|perform|provide|enable|check)?"
    r" ?(?:smtp )?(?:auth\b|authenticat|authori[sz]|log ?in\b|log on\b)",
    r"not (?:logged in|authenticated)|login required|log ?in first|pop before smtp|check for new mail first",
    r"(?:must|should) (?:issue|use) (?:a )?starttls|encryption (?:is )?(?:required|needed)|tls (?:is )?required",
    # Relaying
    r"relay(?:ing)?\b.{0,40}(?:denied|not permitted|not allowed|prohibited|refused|rejected|forbidden|blocked)",
    r"(?:no|not|un ?able to|cannot|can't|won't|will not|do(?:es)? not|don't|we do not|refus\w* to) relay",
    r"relay access|we do not relay|not an open relay|open relay|relay(?:ing)? (?:is )?not",
    r"isn't in my list of allowed rcpthosts|rcpthosts|not a (?:local|relay) domain.{0,20}relay",
    # Limits of our account or host, whether a day's or an hour's
    r"(?:daily|hourly|monthly|per[- ](?:day|hour|month|minute)|sending|outgoing|outbound|smtp|relay|rate)[ -]"
    r"(?:\w+[ -]){0,3}?(?:limit|quota|credits?|threshold|allowance)s?\b",
    r"\b(?:sender|messages?|account|recipients?|e?mails?)[ -](?:(?!mailbox|inbox|storage|disk|size|over"
    r"|is)\w+[ -]){0,2}?(?:limit|credits?|threshold|allowance)s?\b",
    r"(?:limit|quota|maximum|allowance|credits?).{0,60}"
    r"(?:per (?:day|hour|minute|month)|(?:e?mails?|messages|recipients) (?:sent|per)|24 hours)",
    r"(?:sent|sending) too (?:many|much)|too many (?:e?mails|messages|recipients)",
    # Our account, contract or host
    r"(?<!that )\byour account (?:has been |is |was )?(?:disabled|deactivated|closed|locked|inactive|restricted)",
    r"un(?:verified|confirmed|registered) (?:sending )?domain",
    r"(?:your|sender'?s?|sending|this|the) (?:account|subscription|service|plan|trial|domain) (?:has been |is |was )?"
    r"(?:temporarily |currently )?(?:suspended|blocked|expired|not verified|on hold|under review"
    r"|disabled for sending|not allowed to send)",
    r"(?:your|client|sending) (?:ip|host|server|ip address|hostname|address)\b.{0,60}"
    r"(?:blocked|rejected|denied|not (?:allowed|authori[sz]ed|permitted|whitelisted)|blacklist|listed)",
    r"(?:client host|helo command|ehlo|helo).{0,20}rejected|access denied.{0,10}(?:ip|host|client)|not in sandbox",
    r"sandbox|payment required|unpaid|license|licen[cs]e (?:expired|limit)|verify your (?:domain|identity|e?mail)",
    r"(?:identity|identities|domain|address)(?:es)? (?:is|are|was|has|have)?\s?not (?:been )?verified",
    # Swedish, Norwegian, Danish, German, Dutch, French, Spanish, Italian, Finnish, Polish
    r"avs[äa]ndar\w*.{0,40}(?:avvis|nekad|ogiltig|ok[äa]nd|sp[äa]rra|inte (?:till[åa]t|beh[öo]rig|verifier)|saknar)",
    r"(?:inloggning|autentisering)\w*.{0,20}(?:kr[äa]vs|saknas|m[åa]ste|beh[öo]vs)|inte inloggad",
    r"vidarebefordran.{0,30}(?:nekad|inte till[åa]t|till[åa]ts inte|ej till[åa]t)|rel[äa]\w*.{0,20}(?:nekad"
    r"|inte till[åa]t)",
    r"(?:dags|dygns|tim|s[äa]nd|utskicks)(?:gr[äa]ns|kvot)|(?:gr[äa]nsen|kvoten|maxantalet?).{0,50}"
    r"(?:dag|dygn|timme|utg[åa]ende|skicka|meddelanden|mottagare)",
    r"absender\w*.{0,40}(?:abgelehnt|ung[üu]ltig|unbekannt|gesperrt|nicht (?:erlaubt|berechtigt|zul[äa]ssig|verifiz))",
    r"(?:anmeldung|authentifizierung|authentisierung|login)\w*.{0,20}(?:erforderlich|notwendig|n[öo]tig|fehlt"
    r"|ben[öo]tigt)",
    r"(?:weiterleitung|weiterleiten|relay\w*).{0,30}(?:verweigert|nicht (?:erlaubt|gestattet|zul[äa]ssig)"
    r"|abgelehnt|verboten)",
    r"(?:tages|stunden|versand|sende|nachrichten|mail)[- ]?(?:limit|kontingent|grenze|quota)|"
    r"(?:limit|kontingent|maximale anzahl).{0,50}(?:tag|stunde|versand|nachrichten|empf[äa]nger)",
    r"exp[ée]diteur.{0,40}(?:refus|invalide|inconnu|bloqu|non autoris|rejet)",
    r"authentification.{0,20}(?:requise|obligatoire|n[ée]cessaire|manquante)"
    r"|vous devez (?:vous )?(?:\w+ )?(?:authentifi|identifi|connect)",
    r"rela(?:is|yage|y).{0,30}(?:refus|interdit|non autoris|rejet)|"
    r"(?:limite|quota|plafond).{0,50}(?:jour|heure|envoi|messages|destinataires)",
    r"remitente.{0,40}(?:rechazad|no (?:autorizad|v[áa]lid)|inv[áa]lid)|autenticaci[óo]n (?:es )?(?:requerida"
    r"|necesaria)",
    r"mittente.{0,40}(?:rifiutat|non (?:autorizzat|valid))|autenticazione (?:\w+ )?(?:richiesta|necessaria)",
    r"afzender.{0,40}(?:geweigerd|ongeldig|niet toegestaan)|(?:authenticatie|aanmelden).{0,20}(?:vereist|verplicht)",
    r"afsender\w*.{0,40}(?:afvist|ugyldig|ikke till?adt)|avsender\w*.{0,40}(?:avvist|ugyldig|ikke tillatt)",
    r"отправител|відправник|发件人|寄件人|送信者|αποστολ|od(?:esil|osiel)atel|odes[íi]latel|felad[óo]|g[öo]nderen"
    r"|expeditorul|po[šs]iljatelj|si[uų]nt[ėe]j|s[ūu]t[īi]t[āa]j|saatja|sendand",
    r"l[äa]hett[äa]j[äa]\w*.{0,40}(?:hyl[äa]t|virhee|ei sallit)|nadawc\w*.{0,40}(?:odrzuc|nieprawid)",
)

_FULL = any_of(
    r"\b(?:mail ?box|inbox)\b.{0,40}(?:too many messages|message limit)|too many messages in (?:the )?inbox",
    r"(?<![\d.])5\.2\.[0-2] .{0,60}message limit",
)
"""A limit of messages that is a mailbox's, not ours."""

_MAILBOX = any_of(
    r"(?:user|users|recipient|mailbox|account|address|addressee|name|alias|local part|userid|destination|customer)s?"
    r"(?: \S+){0,4}? (?:is |was |are |has been |have been )?"
    r"(?:unknown|not (?:found|known|exist|listed|valid|recogni[sz]ed|local|active|available|here|on (?:this|our))"
    r"|do(?:es)?(?:n't| not) (?:exist|have)|invalid|disabled|inactive|deactivated|suspended|closed|cancelled"
    r"|expired|terminated"
    r"|locked|deleted|removed|unavailable|no longer|full|over ?quota|exceeded|overdrawn|undeliverable"
    r"|unrouteable|unroutable)",
    r"(?:unknown|invalid|no such|non-?existent|bad|illegal|undeliverable|unrouteable|unroutable|inactive"
    r"|disabled|no valid"
    r"|not a valid|not a known|not our|expired|obsolete|wrong|unverified|nonexistent|dead|closed|deleted|dormant"
    r"|not a local|malformed) "
    r"(?:\w+ ){0,3}?(?:user|recipient|mailbox|mail ?box|account|address|local.?part|alias|person|mail ?drop"
    r"|customer|inbox|domain)",
    r"(?:no (?:mail ?box|account|user|one|person|recipient|inbox|mx|such|valid)|nobody) .{0,30}(?:here|name|address"
    r"|with|by|found|exist|known|mx)",
    r"(?:user|person|recipient|mailbox|mail ?box|account|address|he|she) .{0,30}(?:left|frozen|removed|not activated"
    r"|not (?:present|appear)|no longer with|blocked due to inactivity)",
    r"(?:mail ?box|inbox) (?:has been |is |was )?blocked|(?:user|recipient) (?:has )?blocked (?:your|you|the sender)",
    r"(?:blocked|rejected|refused) by (?:the )?(?:recipient|user)\b",
    r"(?:user|inbox|mail ?box)\b.{0,40}(?:too many messages|message limit|number of messages|too much mail)",
    r"too much mail stored",
    r"(?:sorry|we).{0,10} don't know (?:this|that|the) (?:person|user|address)",
    r"^\W*(?:rcpt: )?(?:5\d\d )?(?:5\.0\.0 )?(?:unknown|does not exist|not found|no mail ?box|unbekannt|inconnue?"
    r"|ok[äa]nd|finns (?:inte|ej))\W*$",
    r"(?:unrouteable|unroutable|undeliverable|unknown) address|(?:could not|couldn't|cannot) (?:be )?(?:find"
    r"|found|resolve)",
    r"host (?:or domain name )?(?:not found|unknown)|domain (?:not found|does(?:n't| not) exist|unknown)"
    r"|name service error",
    r"do(?:es)?(?:n't| not) have (?:a|an|any) .{0,40}(?:account|mailbox)|do(?:es)?(?:n't| not) (?:exist|accept mail)",
    r"(?:tried to reach|you are trying to (?:contact|reach)).{0,60}"
    r"(?:does not exist|disabled|inactive|over quota|out of storage|not found)",
    r"(?:user|mailbox|account|recipient|inbox)\w*.{0,30}(?:over (?:its |the |disk |storage )*quota"
    r"|out of (?:storage|space)|quota exceeded)",
    r"quota exceeded.{0,20}(?:mailbox|user)|exceed\w*.{0,20}(?:storage|mailbox|disk)|mailbox (?:is )?full"
    r"|not enough (?:storage|space)",
    r"(?:recipientnotfound|user_unknown|nosuchuser|user unknown|user_not_found|mailbox_not_found|recipnotfound"
    r"|unknownuser)",
    r"recipient address rejected: (?:access denied|undeliverable|unverified|user|unknown|mailbox|address)",
    r"requested action not taken: mailbox|mailbox name not allowed|(?:has|have) (?:moved|left)"
    r"|no longer (?:exist|valid|accept|work|use|here|employ|on)",
    r"\bno existe|nessun utente|non.?existent|bad(?:rcpt|recipient)to|validrcptto|in (?:the )?(?:name )?directory"
    r"|null ?mx"
    r"|not an? (?:\w+ )?(?:user|address|recipient)|receiving disabled|this is not my|not accepting (?:mail|messages)"
    r"|who are you looking for|deceased|doesn't work here",
    # Swedish, Norwegian, Danish
    r"(?:anv[äa]ndar|mottagar|adress|konto|brevl[åa]d|postl[åa]d|inkorg|postkasse|bruker|bruger|modtager|mottaker)\w*"
    r"(?: \S+){0,4}? ?(?:finns (?:inte|ej)|saknas|ok[äa]nd|ogiltig|hittades inte|hittas inte|inaktiv|avslutad"
    r"|avst[äa]ng[dt]|st[äa]ng[dt]"
    r"|[äa]r full|full\b|har upph[öo]rt|(?:[äa]r|har) (?:borttag|st[äa]ngts|raderat)|anv[äa]nds inte"
    r"|existerar inte|finnes ikke|findes ikke|eksisterer ikke|ukjent|ukendt|ugyldig|er full"
    r"|er fyldt|ikke funnet|ikke fundet)",
    r"(?:ok[äa]nd|ogiltig|felaktig|ingen s[åa]dan|ukjent|ukendt|ugyldig|ingen slik) (?:\w+ )?(?:anv[äa]ndar"
    r"|mottagar|adress|konto|brevl[åa]d|e-?post|bruker|bruger|modtager|mottaker)",
    r"ingen (?:\w+ )?(?:brevl[åa]da|postl[åa]da|anv[äa]ndare|mottagare|adress)\b|det finns ingen"
    r"|finns inte (?:l[äa]ngre|h[äa]r|p[åa])|har slutat",
    # German, Dutch
    r"(?:benutzer|empf(?:[äa]|ae)nger|postfach|mailbox|adresse|konto|nutzer|gebruiker|ontvanger|postbus"
    r"|adres)\w*(?: \S+){0,4}? ?"
    r"(?:unbekannt|existiert nicht|nicht (?:gefunden|vorhanden|bekannt|verf[üu]gbar|erreichbar|g[üu]ltig|mehr)"
    r"|ung(?:[üu]|ue)ltig|gesperrt|gel[öo]scht|geschlossen"
    r"|deaktiviert|inaktiv|voll|[üu]berf[üu]llt|ist voll|onbekend|bestaat niet|niet gevonden|ongeldig|is vol"
    r"|gibt es nicht)",
    r"(?:unbekannter?|ung(?:[üu]|ue)ltiger?|kein(?:e|en)? (?:solcher?|solches|g[üu]ltiger?)|onbekende?"
    r"|ongeldige?|geen) "
    r"(?:benutzer|empf(?:[äa]|ae)nger|e-?mail\w*|postfach|adresse|konto|mailbox|gebruiker|ontvanger|adres)",
    # French
    r"(?:utilisateur|destinataire|bo[îi]te|adresse|compte|usager)\w*(?: \S+){0,6}? ?"
    r"(?:inconnu|inexistant|n'existe (?:pas|plus)|introuvable|invalide|inactive?|d[ée]sactiv|ferm[ée]|pleine?"
    r"|satur|non trouv|non valide)",
    r"adresse d au moins un destinataire invalide|pas (?:de|d')\s?(?:bo[îi]te|compte|utilisateur|destinataire)",
    # Spanish, Portuguese, Italian, Finnish, Polish
    r"(?:usuario|destinatario|buz[óo]n|cuenta|direcci[óo]n|usu[áa]rio|destinat[áa]rio|caixa|conta"
    r"|endere[çc]o)\w*(?: \S+){0,4}? ?"
    r"(?:desconocid|desactivad|desativad|eliminad|no (?:existe|encontrad|v[áa]lid)|inexistente|llen|desconhecid"
    r"|n[ãa]o (?:existe|encontrad)|inv[áa]lid|cheia)",
    r"(?:utente|destinatario|casella|indirizzo|account)\w*(?: \S+){0,4}? ?(?:sconosciut|inesistente"
    r"|non (?:esiste|trovat|valid)|errat|disattiv|pien)",
    r"(?:destinatario|indirizzo|utente) (?:errato|inesistente|sconosciuto)",
    r"(?:k[äa]ytt[äa]j[äa]|vastaanottaja|postilaatikko|osoite)\w*(?: \S+){0,4}? ?(?:tuntematon|ei (?:l[öo]ydy"
    r"|ole|l[öo]ytynyt)|t[äa]ynn[äa])",
    r"(?:u[żz]ytkownik|adresat|skrzynk|konto|adres)\w*(?: \S+){0,4}? ?(?:nieznan|nie istnieje|nie znalezion"
    r"|pe[łl]n|przepe[łl]nion)|nie ma takiego|nie istnieje",
    # Czech, Slovak, Hungarian, Romanian, Croatian, Serbian, Turkish, Icelandic, the Baltic languages, Greek, Russian,
    # Ukrainian, Chinese, Japanese
    r"neexistuj|nezn[áa]m[ýyáa]\w* (?:u[žz]ivatel|adres)|nem l[ée]tezik|ismeretlen (?:felhaszn|c[íi]mzett)|necunoscut"
    r"|nu exist[ăa]|ne postoji|nepoznat|bulunamad[ıi]|mevcut de[ğg]il|fannst ekki|ekki til|ei leitud|nav atrast"
    r"|nerastas|neegzistuoja|άγνωστο|δεν υπάρχει",
    r"не найден|не существует|нет такого|неизвестн\w* (?:пользовател|получател|адрес)|не знайдено|не існує",
    r"不存在|存在しません|宛先不明|用户未知|無此",
)

_OUR_RIGHT = any_of(
    r"\bnot (?:permitted|authori[sz]ed)\b|\bunauthori[sz]ed\b|permission denied|administratively prohibited",
    r"(?:you|your \w+) (?:are|is|have been|has been) (?:not allowed|blocked|banned|denied|restricted|suspended"
    r"|rejected)",
)

_CHANGES = re.compile(
    r"[a-z]+://\S+|\bwww\.\S+|<[^>]{0,300}>|\([^)]{0,80}\)|\[[^\]]{0,80}\]|\"[^\"]{0,200}\"|\S*[@…]\S*|\S*\d\S*"
    r"|(?<![\w.-])(?:[\w-]+\.)+[a-z]{2,}(?![\w])"
    r"|\b(?:mon|tue|wed|thu|fri|sat|sun)\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\b"
)
_NO_WORD = re.compile(r"[^\w]+")
