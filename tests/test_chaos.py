"""Chaos in small, so that `make chaos` works on the day it is needed: kills that cost nothing, and a fault it sees."""

from pathlib import Path

from tests.chaos.kills import forget, killed_over_and_over


def test_senders_killed_twice_mail_nobody_twice_and_explain_everybody(tmp_path: Path) -> None:
    kills, findings = killed_over_and_over(tmp_path, 150, 2, 20, lambda _: None)
    assert kills == 2
    assert [finding.broken for finding in findings] == [()] * len(findings)


def test_a_store_that_forgets_its_dot_marks_is_caught_by_the_oracle(tmp_path: Path) -> None:
    # Several: a sender begins with one connection, and one that is killed then may have nothing under way.
    _, findings = killed_over_and_over(tmp_path, 150, 5, 40, forget)
    assert any("got the letter twice" in words for words in findings[-1].broken), findings
