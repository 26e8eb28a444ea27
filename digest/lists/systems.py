"""Systems that people come from, as data: by which columns their lists are known, and what those columns say.

Names are squashed (letters and digits alone). What is not named here is read by the general words of `list_columns`,
so a system that is missing, or changes a name, costs a question and never a person's no.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from digest.lists.membership import Membership

_YES, _NO, _ASKED = Membership.SUBSCRIBED, Membership.ABSENT, Membership.UNCONFIRMED
Words = Mapping[str, Membership]


class Role(StrEnum):
    """What a column of another system's list is read as. The words are those of `--column ROLE=NAME`."""

    STATUS = "status"
    """A word that says whether somebody gets letters."""
    SUBSCRIBED = "subscribed"
    """Yes, or since when; a no or nothing says that they get none."""
    CONFIRMED = "confirmed"
    """As SUBSCRIBED, where a no or nothing says that they never confirmed."""
    LEFT = "left"
    """Whatever is no denial says so: yes, a date, a reason. So do the next three."""
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    BLOCKED = "blocked"
    PAUSED = "paused"
    UNCONFIRMED = "unconfirmed"
    REPORTED = "reported"
    """What the system says of a consent: when, how."""
    UNREAD = "unread"
    """Looked at by a person, and passed over."""


@dataclass(frozen=True, kw_only=True)
class System:
    """A system's lists. `marks` are sets of columns, any of which tells them from other lists."""

    name: str
    label: str
    marks: tuple[frozenset[str], ...]
    roles: Mapping[str, Role] = field(default_factory=dict)
    words: Words = field(default_factory=dict)
    """Words of its status columns that the general ones do not hold, or mean otherwise."""
    only: Membership | None = None
    """What the whole list is about: a file of those who are not mailed."""
    silent: frozenset[str] = frozenset()
    """Status columns in which an empty cell says nothing."""
    mixed: bool = False
    """Its lists may hold those who left without a column that says so."""


def _system(name: str, label: str, *marks: str, **columns: str) -> System:
    roles = {column: Role(role) for role, names in columns.items() for column in names.split()}
    return System(name=name, label=label, marks=tuple(frozenset(mark.split()) for mark in marks), roles=roles)


_BUTTONDOWN_WORDS = dict.fromkeys(["regular", "premium", "gifted", "trialed", "trialing", "churning"], _YES) | {
    "unpaid": _NO, "upcoming": _ASKED, "pastdue": _NO,
}  # fmt: skip
_INTERNATIONAL = (
    _system(
        "mailchimp", "Mailchimp", "memberrating leid euid", "memberrating optintime confirmtime",
        left="unsubtime", bounced="cleantime", reported="optintime confirmtime", status="status",
        unread="optinip confirmip unsubcampaigntitle unsubcampaignid unsubreason unsubreasonother "
        "cleancampaigntitle cleancampaignid",
    ),
    replace(
        _system("mailman3", "Mailman 3", "email deliverymode deliverystatus", "address deliverymode deliverystatus",
                status="deliverystatus role", unread="subscribedaddress moderationaction deliverymode"),
        words={"owner": _NO, "moderator": _NO},
    ),
    _system("mailman2", "Mailman 2", "nomail nodupes", "nomail digest ack", "nomail hide mod",
            blocked="nomail", left="unsub", unread="mod moderate hide ack notmetoo nodupes digest plain language"),
    _system("listmonk", "listmonk", "uuid email name attributes status", "uuid email status attribs",
            status="status subscriptionstatus"),
    _system(
        "phplist", "phpList", "confirmed blacklisted bouncecount", "email confirmed blacklisted uniqid",
        "email isthissubscriberblacklisted", "email isthisuserblacklisted", "email istheemailofthisuserconfirmed",
        "email istheemailofthissubscriberconfirmed",
        confirmed="confirmed istheemailofthisuserconfirmed istheemailofthissubscriberconfirmed",
        blocked="blacklisted isthisuserblacklisted isthissubscriberblacklisted disabled isthisaccountdisabled",
        unread="bouncecount numberofbouncesonthisaccount optedin didthisusermanuallyconfirm "
        "didthissubscribermanuallyconfirm",
    ),
    _system("sendy", "Sendy", "email unsubscribed bounced complaint", "email unsubscribed bouncesoft",
            left="unsubscribed", bounced="bounced", complained="complaint", confirmed="confirmed",
            unread="bouncesoft lastcampaign joindate", reported="timestamp"),
    replace(
        _system("brevo", "Brevo", "email addedtime modifiedtime", "email doubleoptin", "contactid email sms",
                "email emailblacklisted smsblacklisted",
                left="unsubscribed", blocked="blacklisted blocklisted emailblacklisted emailblocklisted",
                status="emailmarketing emailsubscription emailsubscriptionstatus doubleoptin",
                unread="smsblacklisted smsblocklisted smsmarketing smsmarketingstatus whatsappblacklisted "
                "whatsappmarketing", reported="optintime"),
        words={"1": _YES, "2": _ASKED},
        silent=frozenset({"doubleoptin"}),
        mixed=True,
    ),
    replace(_system("sendgrid", "SendGrid", "status reason email created"), only=Membership.BOUNCED),
    replace(_system("sendgrid", "SendGrid", "ip email created"), only=Membership.COMPLAINED),
    replace(_system("sendgrid", "SendGrid", "email contactid externalid", "email contactid uniquename",
                  "email contactid phonenumber createdat"), mixed=True),
    _system("campaignmonitor", "Campaign Monitor", "emailaddress state readsemailwith",
            "emailaddress state consenttotrack", "emailaddress datejoined", "emailaddress datesubscribed",
            status="state status", left="dateunsubscribed", bounced="datebounced",
            reported="datejoined datesubscribed", unread="consenttotrack consenttosendsms"),
    replace(
        _system("constantcontact", "Constant Contact", "emailaddress emailstatus",
                "emailaddress emailpermissionstatus", "email emailpermissionstatus",
                status="emailstatus emailpermissionstatus", left="confirmedoptoutdate optoutdate emailoptoutdate",
                unread="confirmedoptoutsource confirmedoptoutreason optoutsource optoutreason emailupdatesource "
                "smsstatus", reported="confirmedoptindate optindate emailoptindate"),
        words=dict.fromkeys(["explicit", "express", "implicit", "implied"], _YES) | {"notset": _NO},
    ),
    _system("ghost", "Ghost", "email subscribedtoemails", subscribed="subscribedtoemails", left="deletedat",
            blocked="emaildisabled"),
    _system("substack", "Substack", "email activesubscription", "email emaildisabled plan", "email stripeplan",
            blocked="emaildisabled", left="unsubscribedat", unread="activesubscription expiry canceldate plan"),
    replace(
        _system("buttondown", "Buttondown", "subscribertype creationdate", "emailaddress type creationdate",
                "email type creationdate", "emailaddress subscribertype",
                status="type subscribertype", left="unsubscriptiondate unsubscriptionreason",
                bounced="undeliverabilitydate undeliverabilityreason", reported="creationdate confirmationdate",
                unread="ipaddress"),
        words=_BUTTONDOWN_WORDS,
    ),
    _system("mailerlite", "MailerLite", "subscriber status sent opens clicks", "subscriber status subscribed",
            "email status subscribedat sent opens", "email subscribed optinconfirmation",
            status="status", left="unsubscribed unsubscribedat",
            reported="subscribed subscribedat optinconfirmation optintimestamp optedinat",
            unread="signupip optinip ipaddress"),
    replace(
        _system("activecampaign", "ActiveCampaign", "email datesubscribed dateunsubscribed", "contactid email status",
                "email status unsubscribedate", "email subscriptiondate unsubscriptiondate",
                status="status", left="dateunsubscribed unsubscribedate unsubscriptiondate unsubscribereason",
                bounced="hardbounces bounceddate hardbouncedate", unread="softbounces",
                reported="datesubscribed subscriptiondate"),
        words={"1": _YES, "2": Membership.LEFT, "3": Membership.BOUNCED, "0": _ASKED},
        mixed=True,
    ),
    replace(
        _system("hubspot", "HubSpot", "recordid email", "contactid email leadstatus",
                "email unsubscribedfromallemail", "email marketingcontactstatus",
                left="unsubscribedfromallemail optedoutofallemail",
                bounced="emailhardbouncereason emailhardbouncereasonlegacy emailaddressquarantined "
                "emailaddressquarantinedreason emailaddressquarantinereason invalidemailaddress",
                status="marketingcontactstatus",
                unread="leadstatus marketingemailsbounced marketingcontactstatussourcename "
                "marketingcontactstatussourcetype marketingcontactuntilnextupdate",
                reported="legalbasisforprocessingcontactsdata"),
        words={"marketingcontact": _YES, "setasmarketing": _YES, "setasnonmarketing": _NO},
        mixed=True,
    ),
    _system("govuk-notify", "GOV.UK Notify", "emailaddress unsubscriberequestreceivedat",
            left="unsubscriberequestreceivedat"),
    replace(_system("govuk-notify", "GOV.UK Notify", "recipient template type sentby status time", status="status"),
          words={"delivered": _YES}),
    _system("govdelivery", "GovDelivery", "destination", status="status subscriberstatus",
            unread="deliverypreference digestfor deliverymethod"),
    replace(_system("kit", "Kit", "firstname email state createdat", "emailaddress state createdat tags",
                  status="state status"), words={"churned": Membership.LEFT}),
    _system("aweber", "AWeber", "email stopstatus", "email stoptime", "email messagenumber lastfollowup",
            status="status", left="stoptime stopstatus stopped", unread="ipaddress",
            reported="datesubscribed dateadded"),
    _system("mailpoet", "MailPoet", "email globalstatus", "email liststatus", status="globalstatus liststatus status",
            unread="subscribedip confirmedip", reported="subscribedat confirmedat"),
    _system("mailjet", "Mailjet", "email isunsubscribed", "email isexcludedfromcampaigns", left="isunsubscribed",
            blocked="isexcludedfromcampaigns", reported="subscriptiondate"),
    _system("mautic", "Mautic", "email dncemail", "email donotcontact", blocked="dncemail donotcontact dnc"),
)  # fmt: skip
_SWEDISH = (
    _system("getanewsletter", "Get a Newsletter", "epost lista avslutad", "email subscriptions cancelled",
            "epost prenumerationer status", "email list cancelled",
            left="avslutad avslutaddatum cancelled unsubscribed", status="status", subscribed="aktiv active"),
    _system("paloma", "Paloma", "mailadress avbeställt", "epost rättsliggrund", "mailadress rättsliggrund",
            "epostadress rättsliggrund",
            left="avbeställt avregistrerad", bounced="studsat studs", reported="rättsliggrund"),
    replace(_system("rule", "Rule", "email optedin suppressed", "epost optedin spärrad", subscribed="optedin",
                  blocked="suppressed blocked spärrad", status="status"), words={"blocked": Membership.BLOCKED}),
    _system("apsis", "Apsis", "email optoutall", "email optoutdate optoutreason", "subscriberid email demographicdata",
            "profilekey email", left="optoutdate optoutall optoutlist optoutreason avregistrerad", status="status"),
    _system("ungapped", "Ungapped", "epost optin avregistrerad", "epost optin studsad", status="status",
            subscribed="optin", left="avregistrerad avregistreradfrån", bounced="studsad"),
    _system("mynewsdesk", "Mynewsdesk", "email followersince", "epost följersedan", status="status",
            left="unsubscribed unsubscribedat avslutad", reported="followersince följersedan"),
    _system("cision", "Cision", "email subscribedto language cisionid", "epost prenumerationstyp", status="status",
            left="unsubscribed avregistrerad", unread="subscribedto prenumerationstyp"),
    _system("mailrelate", "mailRelate", "email optstatus", status="optstatus"),
    _system("make", "Make", "epost avmeldt returnert", left="avmeldt", bounced="returnert"),
    _system("symplify", "Symplify", "email optinstatus symplifyid", status="optinstatus status"),
    _system("lime", "Lime", "epost utskicksspärr", blocked="utskicksspärr"),
)  # fmt: skip
SYSTEMS = _INTERNATIONAL + _SWEDISH
NAMES = tuple(dict.fromkeys(system.name for system in SYSTEMS))


def recognised(columns: frozenset[str]) -> System | None:
    """The system whose list has these columns, by the most particular of its marks; None for a stranger's."""
    fits = [(len(mark), -place) for place, system in enumerate(SYSTEMS) for mark in system.marks if mark <= columns]
    return SYSTEMS[-max(fits)[1]] if fits else None


def named(name: str, columns: frozenset[str]) -> System:
    """The lists of a system that an operator names: those that its columns fit best."""
    same = [system for system in SYSTEMS if system.name == name]
    fits = {len(mark): system for system in same for mark in system.marks if mark <= columns}
    return fits[max(fits)] if fits else same[-1]
