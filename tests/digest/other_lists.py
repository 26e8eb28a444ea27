"""Lists in the forms of other systems, made up. Whoever gets letters there has an address that begins with `ja`.

Each has the system that its columns give away, or None. The people are nobody.
"""

from typing import NamedTuple


class OtherList(NamedTuple):
    """A list, and the system that it is known for."""

    name: str
    system: str | None
    text: str


FORMS = (
    OtherList(
        "mailchimp: subscribed",
        "mailchimp",
        '"Email Address","First Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,GMTOFF,LAST_CHANGED,'
        "LEID,EUID,NOTES,TAGS\n"
        'ja1@example.org,Anna,2,"2023-01-02 10:00:00",192.0.2.1,"2023-01-02 10:01:00",192.0.2.1,,"2024",1,abc,,\n',
    ),
    OtherList(
        "mailchimp: three files put into one",
        "mailchimp",
        "Email Address,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,CLEAN_TIME,UNSUB_TIME,UNSUB_REASON,LEID,EUID\n"
        "ja1@example.org,2,,2023-01-02 10:00:00,,,,1,a\n"
        "nej1@example.org,2,,2023-01-02 10:00:00,2024-01-01 10:00:00,,,2,b\n"
        "nej2@example.org,2,,2023-01-02 10:00:00,,2024-01-01 10:00:00,SPAM,3,c\n",
    ),
    OtherList(
        "mailman 3",
        "mailman3",
        "Email,Display Name,Delivery Mode,Delivery Status,Role\n"
        "ja1@example.org,Anna,plaintext_digests,enabled,member\nnej1@example.org,Bo,regular,by_bounces,member\n"
        "nej2@example.org,Cia,regular,by_user,member\nnej3@example.org,Dan,regular,enabled,nonmember\n"
        "nej4@example.org,Eva,regular,unknown,member\nnej5@example.org,Fia,regular,enabled,owner\n",
    ),
    OtherList(
        "mailman 2",
        "mailman2",
        "unsub,member address,mod,hide,nomail,ack,notmetoo,nodupes,digest,plain,language\n"
        "off,ja1@example.org,off,off,off,off,off,on,off,on,sv\n"
        "off,nej1@example.org,off,off,on [U],off,off,on,off,on,sv\n"
        "off,nej2@example.org,off,off,on [B],off,off,on,off,on,en\n",
    ),
    OtherList(
        "listmonk: subscriptions of one list",
        "listmonk",
        "uuid,email,name,attributes,status,subscription_status,created_at\n"
        "1,ja1@example.org,A,{},enabled,confirmed,2024\n2,nej1@example.org,B,{},enabled,unsubscribed,2024\n"
        "3,nej2@example.org,C,{},enabled,unconfirmed,2024\n4,nej3@example.org,D,{},blocklisted,confirmed,2024\n",
    ),
    OtherList(
        "phplist: names of columns in the database",
        "phplist",
        "id,email,confirmed,blacklisted,optedin,bouncecount,entered,modified,uniqid,htmlemail,disabled\n"
        "1,ja1@example.org,1,0,0,3,2020,2021,a,1,0\n2,nej1@example.org,0,0,0,0,2020,2021,b,1,0\n"
        "3,nej2@example.org,1,1,0,0,2020,2021,c,1,0\n4,nej3@example.org,1,0,0,9,2020,2021,d,1,1\n",
    ),
    OtherList(
        "phplist: names of columns on its pages",
        "phplist",
        "Email;Is the email of this subscriber confirmed;Is this subscriber blacklisted;"
        "Number of bounces on this account\nja1@example.org;1;0;2\nnej1@example.org;0;0;0\nnej2@example.org;1;1;0\n",
    ),
    OtherList(
        "sendy: its table",
        "sendy",
        "id,name,email,list,unsubscribed,bounced,bounce_soft,complaint,last_campaign,timestamp,confirmed\n"
        "1,A,ja1@example.org,4,0,0,2,0,9,1700000000,1\n2,B,nej1@example.org,4,1,0,0,0,9,1700000000,1\n"
        "3,C,nej2@example.org,4,0,1,0,0,9,1700000000,1\n4,D,nej3@example.org,4,0,0,0,1,9,1700000000,1\n"
        "5,E,nej4@example.org,4,0,0,0,0,9,1700000000,0\n",
    ),
    OtherList(
        "brevo",
        "brevo",
        "CONTACT ID;EMAIL;SMS;FIRSTNAME;DOUBLE_OPT-IN;EMAIL_MARKETING;SMS_MARKETING;ADDED_TIME;MODIFIED_TIME\n"
        "1;ja1@example.org;;Anna;1;subscribed;unsubscribed;01-02-2023;01-02-2023\n"
        "2;ja2@example.org;;Bo;;subscribed;;01-02-2023;01-02-2023\n"
        "3;nej1@example.org;;Cia;1;unsubscribed;subscribed;01-02-2023;01-02-2023\n"
        "4;nej2@example.org;;Dan;2;subscribed;;01-02-2023;01-02-2023\n",
    ),
    OtherList(
        "campaign monitor",
        "campaignmonitor",
        "EmailAddress,Name,Date,State,ReadsEmailWith,ConsentToTrack\n"
        "ja1@example.org,A,2023-01-01,Active,,No\nnej1@example.org,B,2023-01-01,Unsubscribed,,Unchanged\n"
        "nej2@example.org,C,2023-01-01,Bounced,,Yes\nnej3@example.org,D,2023-01-01,Deleted,,Yes\n"
        "nej4@example.org,E,2023-01-01,Unconfirmed,,Yes\n",
    ),
    OtherList(
        "constant contact",
        "constantcontact",
        "Email address,First name,Email status,Email permission status,Email update source,Confirmed Opt-Out Date,"
        "Confirmed Opt-Out Reason,Created At\n"
        "ja1@example.org,A,Active,Explicit,Contact,,,2023\nja2@example.org,B,Active,Implicit,Account,,,2023\n"
        "nej1@example.org,C,Unsubscribed,Unsubscribed,Contact,2024-01-01,Too many,2023\n"
        "nej2@example.org,D,Active,Pending confirmation,Account,,,2023\n"
        "nej3@example.org,E,Active,Temp hold,Account,,,2023\nnej4@example.org,F,Bounced,Explicit,Account,,,2023\n",
    ),
    OtherList(
        "ghost",
        "ghost",
        "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels\n"
        "1,ja1@example.org,A,,true,false,,2023-01-01,,\n2,nej1@example.org,B,,false,false,,2023-01-01,,\n"
        "3,nej2@example.org,C,,true,false,,2023-01-01,2024-01-01,\n",
    ),
    OtherList(
        "substack",
        "substack",
        "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
        "ja1@example.org,false,,other,false,2023-01-01,\nnej1@example.org,true,2027-01-01,yearly,true,2023-01-01,\n",
    ),
    OtherList(
        "buttondown",
        "buttondown",
        "id,email_address,notes,tags,subscriber_type,creation_date,unsubscription_date,undeliverability_reason,ip_address\n"
        "1,ja1@example.org,,,regular,2023-01-01,,,192.0.2.4\n2,ja2@example.org,,,premium,2023-01-01,,,\n"
        "3,nej1@example.org,,,unactivated,2023-01-01,,,\n4,nej2@example.org,,,undeliverable,2023-01-01,,no mailbox,\n"
        "5,nej3@example.org,,,complained,2023-01-01,,,\n6,nej4@example.org,,,unsubscribed,2023-01-01,2024-01-01,,\n"
        "7,nej5@example.org,,,paused,2023-01-01,,,\n",
    ),
    OtherList(
        "mailerlite: classic",
        "mailerlite",
        "Subscriber,Status,Sent,Opens,Clicks,Subscribed,Location,Unsubscribed,Signup IP,Opt-in confirmation\n"
        "ja1@example.org,active,12,3,1,2023-02-01 09:00:00,Sweden,0000-00-00 00:00:00,192.0.2.4,\n"
        "nej1@example.org,junk,12,3,1,2023-02-01 09:00:00,Sweden,,192.0.2.4,\n"
        "nej2@example.org,unsubscribed,12,3,1,2023-02-01 09:00:00,Sweden,2024-01-01,192.0.2.4,\n",
    ),
    OtherList(
        "activecampaign: numbers",
        "activecampaign",
        "Email,First Name,Status,Date Subscribed,Date Unsubscribed,Hard Bounces,Soft Bounces,IP\n"
        "ja1@example.org,A,1,2023-01-01,,0,2,192.0.2.9\nnej1@example.org,B,2,2023-01-01,2024-01-01,0,0,\n"
        "nej2@example.org,C,3,2023-01-01,,3,0,\nnej3@example.org,D,0,,,0,0,\n",
    ),
    OtherList(
        "hubspot",
        "hubspot",
        '"Record ID","First Name",Email,"Unsubscribed from all email","Opted out of email: Nyheter",'
        '"Email hard bounce reason","Email Address Quarantined","Marketing contact status","Lead Status"\n'
        "1,A,ja1@example.org,,,,false,Marketing contact,Open\n2,B,nej1@example.org,true,,,,Marketing contact,\n"
        "3,C,nej2@example.org,,true,,,Marketing contact,\n4,D,nej3@example.org,,,UNKNOWN_USER,,Marketing contact,\n"
        "5,E,nej4@example.org,,,,true,Marketing contact,\n6,F,nej5@example.org,,,,,Non-marketing contact,\n",
    ),
    OtherList(
        "gov.uk notify: unsubscribe requests",
        "govuk-notify",
        "Email address,Template name,Original file name,Template sent at,Unsubscribe request received at\n"
        "nej1@example.org,News,news.csv,2026-01-01 10:00:00,2026-01-02 10:00:00\n",
    ),
    OtherList(
        "gov.uk notify: a report of deliveries",
        "govuk-notify",
        "Row number,Recipient,Template,Type,Sent by,Sent by email,Job,Status,Time\n"
        "1,ja1@example.org,News,email,,,news.csv,Delivered,2026-01-01\n"
        "2,nej1@example.org,News,email,,,news.csv,Email address does not exist,2026-01-01\n"
        "3,nej2@example.org,News,email,,,news.csv,Inbox not accepting messages right now,2026-01-01\n",
    ),
    OtherList(
        "govdelivery",
        "govdelivery",
        "Destination,Subscriber Status,Delivery Preference\nja1@example.org,Active,Immediate\n"
        "nej1@example.org,Undeliverable,Daily\n",
    ),
    OtherList(
        "kit",
        "kit",
        "id,first_name,email_address,state,created_at,tags\n1,A,ja1@example.org,active,2023,\n"
        "2,B,nej1@example.org,cancelled,2023,\n3,C,nej2@example.org,inactive,2023,\n4,D,nej3@example.org,bounced,2023,\n",
    ),
    OtherList(
        "aweber",
        "aweber",
        "Email,Name,Message_Number,Last_Followup,Status,Stop_Time,Stop_Status,Date_Added,IP_Address\n"
        "ja1@example.org,A,1,2,subscribed,,,2023,192.0.2.1\nnej1@example.org,B,1,2,unsubscribed,2024-01-01,subscriber,2023,\n"
        "nej2@example.org,C,1,2,unconfirmed,,,2023,\n",
    ),
    OtherList(
        "mailpoet",
        "mailpoet",
        "Email,First name,List status,Global status,Subscribed IP\nja1@example.org,A,subscribed,subscribed,192.0.2.1\n"
        "nej1@example.org,B,unsubscribed,subscribed,\nnej2@example.org,C,subscribed,inactive,\n"
        "nej3@example.org,D,subscribed,bounced,\n",
    ),
    OtherList(
        "mautic",
        "mautic",
        "id,email,firstname,dnc_email,isPublished\n1,ja1@example.org,A,0,1\n2,nej1@example.org,B,1,1\n",
    ),
    OtherList(
        "get a newsletter",
        "getanewsletter",
        "E-post;Förnamn;Lista;Skapad;Avslutad;Status\nja1@example.org;Anna;Nyheter;2023-01-01;;✓\n"
        "nej1@example.org;Bo;Nyheter;2023-01-01;2024-01-01;☓\nnej2@example.org;Cia;Nyheter;2023-01-01;;Studsat\n",
    ),
    OtherList(
        "paloma",
        "paloma",
        "Mailadress\tNamn\tRättslig grund\tAvbeställt\tStudsat\nja1@example.org\tAnna\tSamtycke\tNej\tNej\n"
        "nej1@example.org\tBo\tSamtycke\t2024-01-01\tNej\nnej2@example.org\tCia\tSamtycke\tNej\tJa\n",
    ),
    OtherList(
        "rule",
        "rule",
        "id,email,phone_number,language,opted_in,suppressed,created_at\n1,ja1@example.org,,sv,true,false,2023\n"
        "2,nej1@example.org,,sv,false,false,2023\n3,nej2@example.org,,sv,true,true,2023\n",
    ),
    OtherList(
        "apsis: opt-outs",
        "apsis",
        "Email;OptOutDate;OptOutReason\nnej1@example.org;2024-01-01;\nnej2@example.org;;Vill inte\n",
    ),
    OtherList(
        "ungapped",
        "ungapped",
        "E-post;Förnamn;Opt-in;Avregistrerad;Studsad\nja1@example.org;Anna;Ja;;0\nnej1@example.org;Bo;Ja;2024-01-01;0\n"
        "nej2@example.org;Cia;Ja;;1\nnej3@example.org;Dan;Nej;;0\n",
    ),
    OtherList(
        "mynewsdesk",
        "mynewsdesk",
        "Email,Name,Follower since,Unsubscribed at\nja1@example.org,A,2023-01-01,\n"
        "nej1@example.org,B,2023-01-01,2024\n",
    ),
    OtherList(
        "cision",
        "cision",
        "E-post;Namn;Språk;Prenumerationstyp;Status\nja1@example.org;Anna;sv;Pressmeddelanden;Aktiv\n"
        "nej1@example.org;Bo;sv;Pressmeddelanden;Inaktiv\n",
    ),
    OtherList(
        "mailrelate",
        "mailrelate",
        "Email,Opt-Status,Lists\nja1@example.org,active,Nyheter\nnej1@example.org,unsubscribed,Nyheter\n"
        "nej2@example.org,inactive,Nyheter\nnej3@example.org,unconfirmed,Nyheter\n",
    ),
    OtherList(
        "make",
        "make",
        "E-post;Avmeldt;Returnert\nja1@example.org;Nei;Nei\nnej1@example.org;Ja;Nei\nnej2@example.org;Nei;Ja\n",
    ),
    OtherList(
        "a register in Swedish",
        None,
        "Lista över prenumeranter;;;\n;;;\nNamn;E-postadress;Prenumererar;Spärrad\nAnna;ja1@example.org;Ja;0\n"
        "Bo;nej1@example.org;Nej;\nCia;nej2@example.org;Ja;x\nDan;nej3@example.org;;\n",
    ),
    OtherList(
        "a register in German",
        None,
        "E-Mail;Status;Abmeldedatum\nja1@example.org;Abonniert;\nnej1@example.org;Abgemeldet;01.02.2024\n"
        "nej2@example.org;Unbestätigt;\nnej3@example.org;Gesperrt;\n",
    ),
    OtherList(
        "a register in French",
        None,
        "Email,Statut,Désinscrit\nja1@example.org,Actif,non\nnej1@example.org,Désabonné,oui\n"
        "nej2@example.org,Actif,12/03/2024\nnej3@example.org,En attente,\nnej4@example.org,Plainte,\n",
    ),
    OtherList(
        "a register in Spanish",
        None,
        "Email;Estado;Baja\nja1@example.org;Activo;no\nnej1@example.org;Dado de baja;sí\nnej2@example.org;Activo;sí\n"
        "nej3@example.org;Rebotado;\n",
    ),
    OtherList(
        "a register in Finnish",
        None,
        "Email;Tila;Peruutettu\nja1@example.org;Tilaaja;ei\nnej1@example.org;Peruutettu;kyllä\n"
        "nej2@example.org;Vahvistamaton;\n",
    ),
    OtherList(
        "a register in Norwegian and Danish",
        None,
        "Email;Status;Afmeldt;Avmeldt\nja1@example.org;Tilmeldt;nej;nei\nnej1@example.org;Afmeldt;;\n"
        "nej2@example.org;Tilmeldt;2024-01-01;\nnej3@example.org;Tilmeldt;;ja\nnej4@example.org;Ubekræftet;;\n",
    ),
    OtherList(
        "a status of several words, with remarks",
        None,
        "email,status\nja1@example.org,Subscribed\nja2@example.org, OPTED-IN \n"
        "nej1@example.org,Unsubscribed (by phone)\n"
        "nej2@example.org,hard-bounced\nnej3@example.org,Do not e-mail!\nnej4@example.org,Awaiting confirmation\n"
        "nej5@example.org,\nnej6@example.org,7\nnej7@example.org,kanske\n",
    ),
    OtherList(
        "columns that deny in every way there is",
        None,
        "email,unsubscribed,bounced,complained,blocked,paused,active\n"
        "ja1@example.org,false,FALSE,0,Nej,-,1\nja2@example.org,no,n/a,0.0,off,never,TRUE\n"
        "ja3@example.org,null,None,N,inte,0000-00-00,ja\nnej1@example.org,1,,,,,1\nnej2@example.org,,x,,,,1\n"
        "nej3@example.org,,,sant,,,1\nnej4@example.org,,,,on,,1\nnej5@example.org,,,,,2026-12-31,1\n"
        "nej6@example.org,,,,,,0\n",
    ),
    OtherList(
        "the same person on several lines",
        None,
        "email,status\nNEJ1@example.org,active\nja1@example.org,active\nnej1@EXAMPLE.org,unsubscribed\n"
        "Bo <nej2@example.org>,active\nnej2@example.org;,bounced\n",
    ),
    OtherList(
        "one's consent says no",
        "mailerlite",
        "Subscriber,Status,Sent,Opens,Clicks,GDPR consent\nja1@example.org,active,1,1,1,Ja\n"
        "ja2@example.org,active,1,1,1,\nnej1@example.org,active,1,1,1,Nej\n",
    ),
)
