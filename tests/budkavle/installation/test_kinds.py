"""What a configuration may choose by name is there."""

from typing import get_args

from budkavle.config.settings import Mail
from budkavle.config.source_kinds import SOURCE_KINDS
from budkavle.installation.slices.articles import KINDS
from budkavle.installation.slices.sending import TRANSPORTS


def test_every_kind_of_source_that_may_be_written_is_wired_and_no_other() -> None:
    assert KINDS.keys() == SOURCE_KINDS.keys()


def test_every_transport_that_may_be_written_is_wired_and_no_other() -> None:
    assert TRANSPORTS.keys() == set(get_args(Mail.model_fields["transport"].annotation))
