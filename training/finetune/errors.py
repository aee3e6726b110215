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

    exit_code = 8


def storage_kind(error: OSError) -> type[StorageError]:
    """`DiskFullError` where there is no room, else `StorageError`."""
    return DiskFullError if error.errno in NO_ROOM else StorageError


def storage_error(error: OSError) -> StorageError:
    """What an error of the file system means for a run."""
    place = error.filename or "The run's folder"
    kind = storage_kind(error)
    return kind(
        f"{place} could not be written: {error.strerror or error}.",
        "The last complete checkpoint is kept.",
        ("Make room on the disk" if kind is DiskFullError else "Check the folder's permissions")
        + " and resume the run.",
    )
