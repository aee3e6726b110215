"""Who is who: hashes of weights that say what is computed, not how it is filed."""

import hashlib
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from engine.checkpoint import ModelFolder
from engine.errors import LayoutError
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


def base_sha256(folder: ModelFolder) -> str:
    """Identity of a base model: of its tensors under their native names.

    The same weights in another layout, or cut into other shards, have the same hash. The output
    layer is left out: it shares the embedding's weights, and only some files repeat it.

    Raises:
        MissingModelError: weights are absent.
        LayoutError: a file is no safetensors file.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    from engine.checkpoint.folder import weight_files
    from engine.checkpoint.names import native_weight

    digest = hashlib.sha256()
    try:
        with ExitStack() as stack:
            where: dict[str, tuple[Any, str]] = {}
            for path in weight_files(folder.base):
                file = stack.enter_context(safe_open(path, framework="pt"))
                where |= {native_weight(name): (file, name) for name in file.keys()}  # noqa: SIM118
            where.pop("lm_head.weight", None)
            for native, (file, name) in sorted(where.items()):
                tensor = file.get_tensor(name)
                digest.update(f"{native} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
                digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy())
    except SafetensorError as error:
        raise LayoutError(f"The weights in {folder.base} cannot be read: {error}.") from error
    return digest.hexdigest()
