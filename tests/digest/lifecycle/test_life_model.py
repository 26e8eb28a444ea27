"""Any order of asking, confirming, leaving, complaining and waiting, beside a model that fits on one page.

Nobody becomes active without a confirmation from a letter to their own address, asked for after their last no; a token
works once; and no more letters go than were asked for.
"""

import shutil
import tempfile
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from budkavle.config.load import load
from budkavle.installation.wiring import open_service
from budkavle.maintenance.retention import apply_retention
from digest.lifecycle.double_opt_in import ConfirmOutcome
from digest.subscribers.suppression import SuppressionReason
from mail.address import Address
from tests.budkavle.life import ask, copied, post, prepared, state_of, text_of, token_in
from tests.drawn import examples, steps
from tests.given import NOW

PEOPLE = st.sampled_from(("anna@example.org", "bo@example.org"))
DIGESTS = st.sampled_from((("veckobrev",), ("dagbrev",), ("veckobrev", "dagbrev")))
ALL = ("veckobrev", "dagbrev")
DAY = timedelta(days=1)


@cache
def home() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="budkavle-model-"))
    prepared(folder)
    return folder


class Life(RuleBasedStateMachine):
    """The installation, and what should be true of it."""

    tokens = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.service = self.stack.enter_context(open_service(load(copied(home(), folder / "home"))))
        self.now = NOW
        self.active: dict[tuple[str, str], bool] = {}
        self.left: dict[tuple[str, str], datetime] = {}
        self.complained: dict[str, datetime] = {}
        self.used: set[str] = set()
        self.asked = self.sent = self.reminded = 0

    def teardown(self) -> None:
        self.stack.close()

    def later(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    @rule(target=tokens, who=PEOPLE, digests=DIGESTS)
    def asks(self, who: str, digests: tuple[str, ...]) -> object:
        asked = self.later()
        ask(self.service, who, *digests, now=asked)
        self.asked += 1
        came = post(self.service, asked)
        self.sent += len(came)
        for letter in came:
            assert letter["To"] == who
        got_all = all(self.active.get((who, digest)) for digest in digests) and who not in self.complained
        confirming = [letter for letter in came if "/bekrafta/" in text_of(letter)]
        assert bool(confirming) is not got_all
        return multiple(*((token_in(letter), who, digests, asked) for letter in confirming))

    @rule(given=tokens)
    def confirms(self, given: tuple[str, str, tuple[str, ...], datetime]) -> None:
        token, who, digests, asked = given
        now = self.later()
        outcome = self.service.subscribe.confirm(token, now).outcome
        wanted = [digest for digest in digests if self.left.get((who, digest), asked - DAY) < asked]
        no = who in self.complained and self.complained[who] >= asked
        late = now >= asked + 3 * DAY
        if token in self.used:
            assert outcome in {ConfirmOutcome.ALREADY, ConfirmOutcome.UNKNOWN}
        elif late or no or not wanted:
            assert outcome in {ConfirmOutcome.EXPIRED, ConfirmOutcome.UNKNOWN}
            assert late or outcome is ConfirmOutcome.EXPIRED
        else:
            assert outcome is ConfirmOutcome.DONE
            self.used.add(token)
            self.complained.pop(who, None)
            self.active |= {(who, digest): True for digest in wanted}
            for digest in wanted:
                self.left.pop((who, digest), None)

    @rule(who=PEOPLE, digest=st.sampled_from(ALL))
    def leaves(self, who: str, digest: str) -> None:
        now = self.later()
        if self.service.by_operator.end(Address(who), digest, "one click", now):
            self.left[who, digest] = now
            self.active[who, digest] = False

    @rule(who=PEOPLE)
    def complains(self, who: str) -> None:
        now = self.later()
        with self.service.database.write.begin() as connection:
            known_as = self.service.key.address_hash(Address(who))
            if self.service.suppressions.add(connection, known_as, SuppressionReason.COMPLAINT, now):
                self.complained[who] = now

    @rule(days=st.sampled_from((1, 2, 8)))
    def time_goes_by(self, days: int) -> None:
        self.now += days * DAY
        apply_retention(self.service, self.now, rest=lambda: None)
        reminders = post(self.service, self.now)
        self.reminded += len(reminders)
        for letter in reminders:
            who = letter["To"]
            assert who not in self.complained
            assert not all(self.active.get((who, digest)) for digest in ALL)

    @invariant()
    def nobody_is_active_without_their_own_word(self) -> None:
        for who in ("anna@example.org", "bo@example.org"):
            for digest in ALL:
                assert (state_of(self.service, who, digest) == "active") is self.active.get((who, digest), False)
            no = self.service.suppressions.find(Address(who))
            assert (no is not None) is (who in self.complained)

    @invariant()
    def no_more_letters_than_were_asked_for(self) -> None:
        assert self.sent <= self.asked
        assert self.reminded <= self.asked


Life.TestCase.settings = settings(max_examples=examples(25), stateful_step_count=steps(20))
TestLife = Life.TestCase


def teardown_module() -> None:
    shutil.rmtree(home())
