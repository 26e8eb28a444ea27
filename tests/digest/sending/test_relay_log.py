"""What a relay's log says of letters, in the words of the servers that write such logs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sending.relay_log import read_log

OURS = "<2026-03-06.0123456789abcdef0123456789abcdef@nyheter.example.org>"
OTHER = "<2026-03-06.ffffffffffffffffffffffffffffffff@nyheter.example.org>"
BARE = OURS[1:-1]
QUEUE, LATER = "4CFzq31zXYz9", "Mar  6 09:00:02 mx"
CLEANUP = f"Mar  6 09:00:01 mx postfix/cleanup[811]: {QUEUE}: message-id={OURS}"
REMOVED = f"postfix/qmgr[9]: {QUEUE}: removed"
TRACKING = "#Fields: date-time,client-ip,event-id,source,message-id,recipient-address\n2026-03-06T09:00:01Z,192.0.2.1,"
TAKEN = {
    "queued": f"{CLEANUP}\nMar  6 09:00:01 mx postfix/qmgr[7]: {QUEUE}: (queue active)",
    "sent": f"{CLEANUP}\n{LATER} postfix/smtp[9]: {QUEUE}: to=<p@example.org>, relay=none, status=sent (250 ok)",
    "bounced": f"{CLEANUP}\n{LATER} postfix/smtp[9]: {QUEUE}: to=<p@example.org>, dsn=5.1.1, status=bounced (no)",
    "deferred": f"{CLEANUP}\n{LATER} postfix-ut/smtp[9]: {QUEUE}: to=<p@example.org>, status=deferred (later)",
    "expired": f"{CLEANUP}\nMar 11 09:00:02 mx postfix/qmgr[9]: {QUEUE}: status=expired, returned",
    "removed": f"{CLEANUP}\n2026-03-06T09:00:02.123456+01:00 mx postfix/qmgr[9]: {QUEUE}: removed",
    "short queue ids": CLEANUP.replace(QUEUE, "A1B2C3D4E5") + "\nMar  6 mx postfix/qmgr[9]: A1B2C3D4E5: removed",
    "syslog ids": CLEANUP.replace("[811]: ", "[811]: [ID 197553 mail.info] ") + f"\n{REMOVED}",
    "exim": f"2026-03-06 09:00:01 1rhXYZ-0001Ab-2C <= n@example.org H=a [192.0.2.1] P=esmtps S=30123 id={BARE}",
    "sendmail": f"{LATER} sendmail[7]: 62690s: from=<n@example.org>, size=30123, nrcpts=1, msgid={OURS}, proto=ESMTP",
    "exchange": f"{TRACKING}RECEIVE,SMTP,{OURS},p@example.org",
    "message trace": f'message_trace_id,sender_address,status,message_id\n1,n@example.org,Delivered,"{OURS}"',
}
NOT_TAKEN = {
    "broken off": f"{CLEANUP}\n{LATER} postfix/smtpd[3]: lost connection after DATA (12 bytes) from a[192.0.2.1]",
    "refused by a milter": f"{CLEANUP}\n{LATER} postfix/cleanup[811]: {QUEUE}: milter-reject: END-OF-MESSAGE",
    "refused by its head": f"{CLEANUP}\nMar  6 mx postfix/cleanup[811]: {QUEUE}: reject: header Subject: removed",
    "a queue id that was given again": f"{CLEANUP}\npostfix/cleanup[811]: {QUEUE}: message-id=<other@example.org>\n"
    f"postfix/qmgr[7]: {QUEUE}: removed",
    "another letter": f"{CLEANUP}\npostfix/qmgr[7]: 4CFzq31zXYz8: removed",
    "refused by exim": f"2026-03-06 09:00:01 1rhXYZ-0001Ab-2C rejected after DATA: spam id={BARE}",
    "failed at exchange": f"{TRACKING}FAIL,AGENT,{OURS},p@example.org",
    "somebody's note": f"what became of {OURS}?",
}


@pytest.mark.parametrize("log", TAKEN.values(), ids=TAKEN)
def test_a_letter_that_the_relay_took_is_found(log: str) -> None:
    reading = read_log(log.splitlines(keepends=True), {OURS, OTHER})
    assert (reading.taken, reading.mentioned) == ({OURS}, {OURS})


@pytest.mark.parametrize("log", NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_a_letter_that_is_only_named_proves_nothing(log: str) -> None:
    reading = read_log(log.splitlines(keepends=True), {OURS, OTHER})
    assert (reading.taken, reading.mentioned) == (set(), {OURS})


@given(lines=st.lists(st.text() | st.sampled_from([*TAKEN.values(), *NOT_TAKEN.values()])))
def test_whatever_a_log_holds_only_wanted_letters_come_of_it(lines: list[str]) -> None:
    reading = read_log([part for line in lines for part in line.splitlines()], {OTHER})
    assert (reading.taken, reading.mentioned) == (set(), set())


@given(order=st.permutations(sorted(TAKEN)), others=st.lists(st.text(max_size=40)))
def test_lines_of_others_between_hide_no_letter(order: list[str], others: list[str]) -> None:
    noise = [line for each in others for line in each.splitlines() if "," not in line]
    lines = [line for part in TAKEN[order[0]].splitlines() for line in (*noise, part)]
    assert read_log(lines, {OURS}).taken == {OURS}
