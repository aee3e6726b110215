"""What can go wrong with a run, beyond what can go wrong with the model."""

import errno

from engine.errors import StorageError, WildscribeError

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class RunError(WildscribeError):
    """The run's folder does not allow what was asked of it."""

    exit_code = 2


class DataError(WildscribeError):
    """There is nothing to train on."""

    exit_code = 3


class DiskFullError(StorageError):
    """The disk is full, or a quota is used up."""


class LossNotFiniteError(WildscribeError):
    """The loss or a gradient is NaN or infinite."""


def storage_error(error: OSError) -> StorageError:
    """What an error of the file system means for a run."""
    place = error.filename or "The run's folder"
    full = error.errno in NO_ROOM
    kind = DiskFullError if full else StorageError
    return kind(
        f"{place} could not be written: {error.strerror or error}.",
        "The last complete checkpoint is kept.",
        ("Make room on the disk" if full else "Check the folder's permissions")
        + " and resume the run.",
    )
