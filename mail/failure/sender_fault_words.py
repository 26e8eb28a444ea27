"""Sender-fault words: reputation, block lists, names of the sending host, spam, viruses, pace, size and form.

They judge our host, our domain or this letter, whatever code stands before them: of the address they say nothing.
Read after Postfix, Exim, Exchange, the filters beside them (Barracuda, Proofpoint, Mimecast, Cisco, SpamAssassin,
rspamd) and the postmasters' pages of big providers, in the languages that their users write.
"""

import re

from mail.failure.patterns import Pattern, any_of


def names_a_block_list(text: str) -> bool:
    """Whether a text names a list of bad senders (DNSBL, RFC 5782), be it in a link; `text` is in lower case."""
    return _BLOCK_LISTS.search(text) is not None


def judges_the_sender(words: str) -> bool:
    """Whether words, in lower case and without links and hosts, can only be meant for our host, domain or letter."""
    return _JUDGED.search(words) is not None


def hints_at_the_sender(words: str) -> bool:
    """Whether words, as above, are mostly meant for the sender, but also said of mailboxes: "blocked", "policy"."""
    return _HINTS.search(words) is not None


_BLOCK_LISTS = re.compile(
    r"spamhaus|spamcop|barracudacentral|\bsorbs\b|dns-?[bw]l|\b(?:ur[il])?[rs]bl\d*\b|\buribl|\bsurbl|abuseat"
    r"|uceprotect|mailspike|backscatterer|invaluement|spamrats|\bpsbl\b|senderscore|senderbase|talosintel"
    r"|spameatingmonkey|ipcheck\.|/blocks?\b|dsbl\.org|spf\.pobox|help_spam|rfcmessagenon|(?:delist|unblock"
    r"|sender-?reputation)"
)

_JUDGED = any_of(
    # Reputation and lists
    r"reputation|r[ée]putation|reputaci[óo]n|reputa[çc][ãa]o|reputatie|reputazione|reputacj|omd[öøo]mme"
    r"|d[åa]ligt rykte",
    r"(?:block|black|deny|reject|bad)[ -]?list|\bofr_?[0-35-9]\d\d|(?<!not )listed (?:in|on|at|by|as)\b|(?:grey"
    r"|gray)[ -]?list",
    r"sp[äa]rrlist|svart(?:e)?list|sortlist|sperrliste|schwarze[nr]? liste|liste (?:noire|de blocage)|lista (?:negra"
    r"|nera)|blocklijst|zwarte lijst|estolist|mustalla listalla|czarnej li|lista de bloque",
    # The sending host: its address, its names, its greeting
    r"\bptr\b|reverse[ -]?(?:dns|lookup|hostname|resolution|path)|\brdns\b|(?:ip|host)\s?name lookup failed|(?:cannot"
    r"|can't|unable to|could not) (?:find|resolve|verify) your (?:hostname|host|domain|ip|reverse)|forward dns"
    r"|unverifiable|no matches to nameserver|generic (?:dns|host)|dns inver|omv[äe]nd|dns revers"
    r"|r[ée]solution inverse|resoluci[óo]n inversa|r[üu]ckw[äa]rts|risoluzione inversa|k[äa][äa]nteis|odwrotn",
    r"\b(?:dynamic|residential|dial[- ]?up|dynamisch\w*|dynamiska?|dynamique|din[áa]mic[ao])\b.{0,30}\b(?:ip|host"
    r"|address|adress|range|pool)|open proxy|\bbotnet|\bh?e[lh]lo\b",
    r"\b(?:your|sending|sender'?s?|client|connecting|source) (?:\w+ )?(?:ip|host|mta|network|mail ?server|server|isp"
    r"|mail system|domain)\b|\b(?:from|this|invalid|bad|source|remote|client|the|ihre|votre|cette) ips?\b"
    r"|\bips? (?:is|was|has)\b|\bip=",
    r"\b(?:your|from this|from your) (?:e?mail )?(?:ip|address range|subnet|asn|country|network|provider)\b"
    r"|ip[ -]address\w* .{0,40}(?:block|ban|reject|denied|refus|not allowed|suspicious|bad)|banned|bad (?:ip|host)",
    r"\b(?:ert?|din|ditt|ihre?|votre|su|tu|tuo|suo|uw|jouw|deres|seu|sua)\w{0,2} (?:\w+[- ])?(?:ip\b|ip-|server"
    r"|dom[äaä]n|dominio|domaine|domein|serveur|servidor|host|e-?postserver|mailserver|netz|n[äa]t)|adresse ip"
    r"|direcci[óo]n ip|ip-?adress",
    r"(?:complaints?|klagom[åa]l|beschwerden|plaintes|quejas)|\babus(?:e|ive|o|us)?\b|\bmisbruk|missbruk|missbrauch",
    # Proof of who sends
    r"\bdmarc\b|\bdkim\b|\bspf\b|sender id|sender policy framework|\barc\b|\bbatv\b|domainkeys"
    r"|not (?:properly )?aligned|(?:un)?authenticated (?:mail|e-?mail|sender|message)|(?:domain|e?mail|message"
    r"|sender) (?:\w+ )?authentication|spoof|impersonat|forged|f[öo]rfalsk|gef[äa]lscht|usurp|suplanta",
    r"\bauthenti[cfs]|\bautenti[cs]|verification fail|\brelay(?:ing)?\b(?!=| recipient| domain)|\brcpthosts?\b"
    r"|purported|bogus|unsigned|fully[- ]qualified|backscatter|bounce(?:d)? ?(?:den|reject)|returned mail not|(?:your"
    r"|no) access (?:to|from)|confirm this mail|\bmx records? for|dead domain|\be2110\b|sending this from"
    r"|address used to send",
    # Spam, and what filters think of a letter
    r"spam(?!assassin\b.{0,20}user)|\bjunk\b|\bube\b|\buce\b|unsolicited|bulk[ ._](?:e?mail|message|mailing|adv)"
    r"|mass mail|unwanted|skr[äa]ppost|o[öo]nskad|u[øo]nsk|unerw[üu]nscht|ind[ée]sirable|pourriel|no deseado"
    r"|indesiderat|ongewenst|roskaposti|haitallinen|niechcian|n[ãa]o solicitad|lixo eletr|massutskick|werbung"
    r"|s[øo]ppelpost|спам|вирус|репутац|ч[её]рн\w+ спис|垃圾|スパム|迷惑メール|ウイルス|病毒|信誉|黑名单",
    r"phish|malware|malicious|\bvir(?:us|uses)\b|v[íi]rus|\bwirus|infect|infic|infekt|infiz|trojan|worm\b"
    r"|schadsoftware|skadlig|suspicious|suspect(?:ed)?\b|misst[äa]nkt|verd[äa]chtig|suspec|sospech|haittaohjelm"
    r"|malveillant|malicios",
    r"attachment|bifogad|\bbilag|anhang|pi[èe]ces? jointes?|adjunto|allegat|bijlage|vedh[æa]ft|vedlegg|liit(?:e"
    r"|teet)\b|za[łl][ąa]cznik|\banexo",
    r"(?:message|mail|e-?mail|text|body|its|prohibited|unacceptable|banned|objectionable)(?:'s)? content"
    r"|content (?:rejected|denied|filter|refus|restrict|polic|violat|block|is not|not )|scored?\b.{0,20}points?"
    r"|inneh[åa]ll|nachrichteninhalt|inhalt\w*|contenu|contenido|contenuto|inhoud|indhold|innhold|sis[äa]lt"
    r"|tre[śs][ćc]|conte[úu]do",
    r"(?:message|mail|e-?mail|letter|submission)s? (?:\w+ ){0,3}(?:filtered|quarantined|classified|identified as"
    r"|detected|looks like|appears to be|given low)|\bfilters?\b.{0,30}(?:reject|refus|den)|recurrent pattern"
    r"|\burls? in|links? in",
    # Size
    r"(?:message|mail|e-?mail|header|data|body|content)\w*\b(?! ?box).{0,30}\b(?:size|length|too (?:large|big))"
    r"|too (?:large|big) (?:message|mail|for this)|size (?:limit|exceed)(?!.{0,20}(?:mailbox|quota))"
    r"|(?:max\w* )(?:message )?size|exceeds? (?:\w+ ){0,3}(?:message|line|header|inbound) (?:\w+ )?(?:size|limit"
    r"|length)|line (?:limit|length|too long)",
    r"f[öo]r stor|zu (?:gro(?:ß|ss)|lang|umfangreich)|trop (?:volumineu|gros|grand|long)|demasiado (?:grande|largo)"
    r"|troppo (?:grande|grosso|lungo)|te groot|liian (?:suuri|iso|pitk)|zbyt du[żz]|muito grande|(?:meddelande"
    r"|nachrichten|mail)\w*gr(?:ö|o|ö)(?:ss?|ß)e?\w*|taille (?:limite|maximale|du message)|tama[ñn]o|tamanho"
    r"|dimensione|storlek",
    # Form
    r"\bheaders? (?:are|is) not|base64|binary content|multiple addresses|captcha|accepting mail with"
    r"|is not subscribed|rfc\w*noncompl",
    r"(?:duplicate|missing|invalid|malformed|multiple|improper|illegal|bad|header)s? .{0,30}\bheaders?\b"
    r"|header (?:error|syntax|field|size)|\brfc[ -]?(?:5321|5322|2822|822|2047|1035|compli|viol)|not (?:rfc"
    r"|compliant)|non-?compliant|\bmime\b|bare (?:lf|cr|line)|(?:from|message-id|date|reply-to): ?(?:header|address"
    r"|domain|is|line)|protocol (?:violation|error)|pipelin|8-?bit|no third-party|too many received",
    # Pace
    r"(?:connection|per-domain|concurrency|simultaneous|parallel)\w* (?:\w+ )?limit|maximum connection",
    r"receiv(?:e|ing) (?:e?mail|messages?) (?:\w+ )?(?:too (?:quickly|fast)|at a rate)|too (?:quickly|fast|many|much"
    r"|frequent)\b(?!.{0,30}(?:in (?:the|your|this)? ?(?:inbox|mailbox)|on the server|stored|hops|unseen|unread))"
    r"|\brate\b|\bthrottl|slow(?:er)? down|again slower|unusual (?:rate|volume|activity)|unexpected volume|excessive"
    r"|flood|burst|(?:receiv|incoming|inbound|hourly|daily)\w* (?:\w+ )?(?:limit|quota)s?\b.{0,40}(?:hour|day|minute"
    r"|reached|exceeded)",
    r"f[öo]r (?:m[åa]nga|snabbt|ofta)|zu (?:viele|schnell|h[äa]ufig)|trop (?:de|vite|rapide|fr[ée]quent)"
    r"|demasiad[oa]s|muy r[áa]pido|tropp[ie]|te (?:veel|snel)|for (?:mange|hurtigt|raskt|fort)|liian (?:mon|nope)"
    r"|zbyt (?:wiele|szybko)|muitas mensagens|s[äa]ndningstakt|versandrate|d[ée]bit",
    # The sender as a person or a domain
    r"(?:block|reject|refus|den(?:y|ied)|ban|unknown|not (?:allow|accept|permit|trust|approv|authori)"
    r"|blocked)\w*\W+(?:\w+\W+){0,4}(?:senders?|envelope|from domain)\b|\bsenders?(?:'s)?\b.{0,40}(?:reject|refus"
    r"|den(?:y|ied)|block|black|ban|not |invalid|unknown|fail|bad|empty|limit)|null sender|sender address"
    r"|empty (?:envelope|sender)|bounce(?:d)? (?:messages? )?(?:not|refus)|mail from .{0,30}(?:refused|rejected"
    r"|denied)|return[- ]path",
    r"avs[äa]nda|absender|exp[ée]diteur|[ée]metteur|remitente|mittente|afzender|afsender|avsender|l[äa]hett[äa]j"
    r"|nadawc|remetente|emisor",
    # Rules of the house
    r"(?:policy|policies|security|compliance|organi[sz]ation\w*|company|transport) (?:\w+ )?(?:reason|violation|polic"
    r"|restrict|rule|reject|setting|den|prohibit|block)|(?:local|due to|by|for|against|our|site|admin\w*"
    r"|organi[sz]ation|with|violates?|breach\w*|matche[sd]) (?:\w+ ){0,3}(?:polic(?:y|ies)|acceptable use)|polic(?:y"
    r"|ies) (?:\w+ ){0,2}(?:reject|den|block|violat|prevent|prohibit|reason)|\bdenied by\b|members?[- ]only"
    r"|closed mailing list|riktlinje|s[äa]kerhetspolicy|richtlinie|politique (?:de|d')|pol[íi]tica|criteri di|beleid"
    r"|retningslinje|k[äa]yt[äa]nt|zasad",
    r"(?:\btls\b|starttls|encrypt\w*|certificat\w*).{0,30}(?:requir|need|must|fail|not support|mandatory)",
    r"closing (?:transmission|connection).{0,40}(?:spam|abuse|bad)|go away|\bservice permits\b",
)

_HINTS = Pattern(
    r"\bblock(?:ed|ing)?\b|blockera[dt]|\bpolic(?:y|ies)\b|blocked|prohibited|access denied|\bgesperrt|geblokkeerd"
    r"|bloqu|bloccat|blokeret|blokkert|estetty|zablokowan|administrativ|\btrust|unacceptable|\bfilter|restricted"
    r"|not allowed|forbidden|(?:message|mail|e-?mail|meddelande\w*|nachricht|correo|messaggio"
    r"|bericht)s? (?:\w+ ){0,2}?(?:re[fj][eu]|rejected|refused|abgelehnt|avvisa|rechazad|rifiutat|geweigerd|afvist)"
    r"|\bbanned\b|not accepting connections|organizational|refused - see"
)
