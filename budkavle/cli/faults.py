"""Exit codes of the expected faults."""

from articles.adapters.held import UnknownHeldInputError
from articles.adapters.store import UnknownArticleError
from articles.importing.locate import NoSourceError
from articles.importing.release_held import PublisherGoneError, StillUndatedError
from budkavle.cli.articles.names import AmbiguousNameError
from budkavle.cli.terminal import Exit, WrongUseError
from budkavle.config.faults import ConfigError
from budkavle.installation.open_store import OutdatedStoreError
from budkavle.installation.passwords import NoPasswordError
from budkavle.installation.secret import SecretError
from budkavle.maintenance.back_up import BackupError, PlaceError
from budkavle.maintenance.restore import StoreInPlaceError
from digest.editions.adapters.editions import UnknownEditionError
from digest.lists.adapters.undo import UnknownImportError
from digest.lists.csv_dialect import ListError
from digest.sending.adapters.ledger import FencedError
from mail.address import AddressError
from storage.database import StoreBusyError, StoreError
from storage.store import LockHeldError

_CODES: tuple[tuple[type[Exception], Exit], ...] = (
    (ConfigError, Exit.WRONG_USE),
    (WrongUseError, Exit.WRONG_USE),
    (NoSourceError, Exit.WRONG_USE),
    (StillUndatedError, Exit.WRONG_USE),
    (PublisherGoneError, Exit.WRONG_USE),
    (UnknownArticleError, Exit.WRONG_USE),
    (UnknownHeldInputError, Exit.WRONG_USE),
    (UnknownEditionError, Exit.WRONG_USE),
    (UnknownImportError, Exit.WRONG_USE),
    (AddressError, Exit.WRONG_USE),
    (ListError, Exit.WRONG_USE),
    (PlaceError, Exit.WRONG_USE),
    (StoreInPlaceError, Exit.WRONG_USE),
    (LockHeldError, Exit.TRY_LATER),
    (FileNotFoundError, Exit.WRONG_USE),
    (StoreBusyError, Exit.TRY_LATER),
    (OutdatedStoreError, Exit.WRONG_USE),
    (FileExistsError, Exit.WRONG_USE),
    (IsADirectoryError, Exit.WRONG_USE),
    (NotADirectoryError, Exit.WRONG_USE),
    (StoreError, Exit.NEEDS_A_PERSON),
    (SecretError, Exit.NEEDS_A_PERSON),
    (BackupError, Exit.NEEDS_A_PERSON),
    (NoPasswordError, Exit.NEEDS_A_PERSON),
    (FencedError, Exit.TRY_LATER),
    (UnicodeEncodeError, Exit.WRONG_USE),
    (OSError, Exit.NEEDS_A_PERSON),
)


def exit_of(error: Exception) -> Exit | None:
    """The exit code of a fault that its own words explain; None for a surprise, which deserves its traceback."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), None)


def words_of(error: Exception) -> tuple[str, ...]:
    """The lines said of a fault; a configuration's faults stand as they are, a line each, for editors to jump to."""
    match error:
        case ConfigError():
            return tuple(map(str, error.faults))
        case UnicodeEncodeError():
            return ("budkavle: something that was typed holds bytes that are no UTF-8; type it in UTF-8",)
        case AmbiguousNameError():
            return (f"budkavle: {error}", *error.choices)
        case OSError() if error.strerror and error.filename:
            return (f"budkavle: {error.filename}: {error.strerror}; mend the path or its permissions, then try again",)
        case OSError() if error.strerror:
            return (f"budkavle: {error.strerror}",)
        case _:
            return (f"budkavle: {error}",)
