"""Who is who: hashes of adapters. That of a base is in `engine.checkpoint.fingerprint`."""

import hashlib
from pathlib import Path

from training.adapters.errors import MissingAdapterError

ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors", "mega_lora_blocks.json")
"""What makes an adapter; the last may be absent."""


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def adapter_sha256(folder: Path) -> str:
    """Identity of an adapter: of its weights and settings, not of a router or lineage beside them.

    Raises:
        MissingAdapterError: the folder holds no adapter.
    """
    present = [folder / name for name in ADAPTER_FILES if (folder / name).is_file()]
    if len(present) < 2:
        raise MissingAdapterError(f"{folder} holds no adapter.", remedy="Check the path.")
    lines = "".join(f"{file_sha256(path)}  {path.name}\n" for path in present)
    return hashlib.sha256(lines.encode()).hexdigest()
