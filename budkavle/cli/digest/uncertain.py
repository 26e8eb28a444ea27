"""Uncertain letters: list them, and write down what a person or the relay's log says became of them."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from budkavle.cli.digest.names import find_digest
from budkavle.cli.terminal import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigFile,
    DigestArgument,
    Exit,
    WrongUseError,
    complain,
    say,
    say_json,
)
from budkavle.config.load import Config, load
from budkavle.installation.slices.sending import transport
from budkavle.installation.wiring import open_to_read, open_to_write
from digest.editions.compose import masthead
from digest.editions.slots import PeriodKey
from digest.sending.adapters.uncertain import Settled, UncertainLetters
from digest.sending.relay_log import LogReading, read_log
from digest.sending.uncertain import Finding, UncertainLetter, in_both, named, why_not_arrived, why_not_lost

_SHOWN = "addresses, Message-IDs, or the relay's log as it stands (a file, or - for standard input)"
Words = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative=(), allow_leading_hyphen=True)]


@dataclass
class _Findings:
    """What is to be written down, and of which letters a log did not prove it, with the reason."""

    decided: dict[Finding, list[UncertainLetter]] = field(default_factory=lambda: {finding: [] for finding in Finding})
    in_doubt: list[tuple[Finding, UncertainLetter, str]] = field(default_factory=list)


def uncertain(  # noqa: PLR0913 - the options of the command
    name: DigestArgument,
    /,
    *,
    arrived: Annotated[Words, Parameter(help=f"These reached the relay: {_SHOWN}.")] = (),
    lost: Annotated[Words, Parameter(help=f"These did not, and their news comes again: {_SHOWN}.")] = (),
    edition: Annotated[str | None, Parameter(help="Of this edition alone.")] = None,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """List the letters that may have arrived or not, or say what became of them: they are not sent again before."""
    loaded = load(config)
    digest = find_digest(loaded, name)
    with (open_to_write if arrived or lost else open_to_read)(loaded) as service:
        ends = (service.database.read, service.database.write)
        store = UncertainLetters(*ends, masthead(service.publication, digest).host)
        letters = store.letters(name, PeriodKey(edition) if edition else None)
        findings = _read(store, name, letters, {Finding.ARRIVED: arrived, Finding.LOST: lost})
        settled = list(_settle(store, findings))
        open_still = store.letters(name, PeriodKey(edition) if edition else None)
    for finding, letter in settled:
        _tell(letter, loaded, finding, json=json)
    if not (arrived or lost):
        for letter in open_still:
            _tell(letter, loaded, None, json=json)
    for finding, letter, why in findings.in_doubt:
        complain(f"{letter.message_id} stays uncertain, --{finding} does not hold: {why}")
    if not (arrived or lost or open_still or json):
        say(f"no letter of {name} is uncertain")
    if open_still:
        complain(
            f"{len(open_still)} uncertain; look for their Message-IDs in the relay's log, then:"
            f" budkavle digest uncertain {name} --arrived … or --lost …"
        )
    return Exit.NEEDS_A_PERSON if open_still else Exit.DONE


def _read(
    store: UncertainLetters, digest: str, letters: Sequence[UncertainLetter], words: dict[Finding, tuple[str, ...]]
) -> _Findings:
    """What the words say of which letters. Raises WrongUseError before anything is written."""
    findings = _Findings()
    logs: dict[Finding, list[str]] = {Finding.ARRIVED: [], Finding.LOST: []}
    for finding, names_and_logs in words.items():
        for word in names_and_logs:
            matching = named(word, letters)
            if matching:
                findings.decided[finding].append(_only(word, matching))
            elif word == "-" or _can_be_read(word):
                logs[finding].append(word)
            else:
                raise WrongUseError(_unknown(store, digest, word))
    if twice := in_both(findings.decided[Finding.ARRIVED], findings.decided[Finding.LOST]):
        raise WrongUseError(f"{twice[0].message_id} cannot have arrived and be lost; nothing was written down")
    for log in dict.fromkeys(tuple(names) for names in logs.values() if names):
        _judge(store, letters, log, [sought for sought, names in logs.items() if tuple(names) == log], findings)
    return findings


def _can_be_read(word: str) -> bool:
    """Whether there is something to read by this name: a file, or the shell's pipe from another program."""
    try:
        return Path(word).exists() and not Path(word).is_dir()
    except OSError:  # too long for a name
        return False


def _only(word: str, matching: Sequence[UncertainLetter]) -> UncertainLetter:
    if len(matching) > 1:
        which = ", ".join(f"{letter.message_id} of {letter.key}" for letter in matching)
        raise WrongUseError(f"{word} has several uncertain letters; name one by its Message-ID: {which}")
    return matching[0]


def _unknown(store: UncertainLetters, digest: str, word: str) -> str:
    if folded := store.folded(digest, word):
        return (
            f"{word}: edition {folded} is folded ([keep] deliveries), so what became of its letters cannot be changed"
            " any more; such a letter counts as one that may have arrived"
        )
    return (
        f"{word} is no uncertain letter of {digest} and no file; write an address, a Message-ID or the name of a log;"
        f" `budkavle digest uncertain {digest}` lists the letters"
    )


def _judge(
    store: UncertainLetters,
    letters: Sequence[UncertainLetter],
    names: Sequence[str],
    sought: Sequence[Finding],
    findings: _Findings,
) -> None:
    """What logs, read one after the other, prove of the letters that were not named themselves."""
    decided_letters = {letter for decided in findings.decided.values() for letter in decided}
    undecided = [letter for letter in letters if letter not in decided_letters]
    moments = {(letter.edition, letter.at): letter for letter in undecided} if Finding.LOST in sought else {}
    sent = {moment: store.neighbours(letter) for moment, letter in moments.items()}
    wanted = {letter.message_id for letter in letters}
    wanted |= {message_id for around in sent.values() for message_id in (*around.before, *around.after)}
    log = read_log(_lines(names), wanted)
    _say_what_was_read(names, log, letters)
    for letter in undecided:
        reasons = {Finding.ARRIVED: why_not_arrived(letter, log)} if Finding.ARRIVED in sought else {}
        if Finding.LOST in sought:
            reasons[Finding.LOST] = why_not_lost(letter, log, sent[letter.edition, letter.at])
        proved = [finding for finding, why in reasons.items() if why is None]
        if proved:
            findings.decided[proved[0]].append(letter)
        else:
            finding, why = list(reasons.items())[-1]
            findings.in_doubt.append((finding, letter, str(why)))


def _say_what_was_read(names: Sequence[str], log: LogReading, letters: Sequence[UncertainLetter]) -> None:
    ours = {letter.message_id for letter in letters}
    complain(
        f"{', '.join(names)}: {log.lines} lines; of {len(ours)} uncertain letters, {len(ours & log.taken)} were"
        f" taken by the relay, {len((ours & log.mentioned) - log.taken)} are named without that,"
        f" {len(ours - log.mentioned)} are not in it"
    )


def _lines(names: Sequence[str]) -> Iterator[str]:
    return chain.from_iterable(_lines_of(name) for name in names)


def _lines_of(name: str) -> Iterator[str]:
    if name == "-":
        yield from (line.decode(errors="replace") for line in sys.stdin.buffer)
        return
    with Path(name).open(encoding="utf-8", errors="replace") as log:
        yield from log


def _settle(store: UncertainLetters, findings: _Findings) -> Iterator[tuple[Finding, UncertainLetter]]:
    for finding, letters in findings.decided.items():
        for letter in letters:
            outcome = store.settle(letter, finding)
            if outcome is Settled.DONE:
                yield finding, letter
            else:
                why = "its edition was folded" if outcome is Settled.FOLDED else "somebody settled it"
                complain(f"{letter.message_id} stays as it is: {why} meanwhile")


def _tell(letter: UncertainLetter, config: Config, finding: Finding | None, *, json: bool) -> None:
    if json:
        facts = {"edition": letter.key, "address": letter.address, "message_id": letter.message_id}
        at = letter.at.isoformat(timespec="seconds")
        say_json({**facts, "at": at, "relay": transport(config).name, "reply": letter.reply, "settled": finding})
        return
    what = f"{finding}: " if finding else ""
    say(
        f"{what}{letter.address}  {letter.message_id}  {letter.key}, {letter.at:%Y-%m-%d %H:%M:%S} UTC,"
        f" {transport(config).name}: {letter.reply or 'no answer'}"
    )
