"""Loads a base model into the stock classes of transformers, with every key accounted for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open

from engine.checkpoint.config import generation_config, read_config
from engine.checkpoint.folder import BaseLayout, ModelFolder, understood, weight_files
from engine.checkpoint.names import ORIGINAL_TO_NATIVE
from engine.checkpoint.processor import load_processor
from engine.errors import KeyMismatchError, LayoutError

if TYPE_CHECKING:
    from transformers import Qwen3ASRForConditionalGeneration, Qwen3ASRProcessor

_DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def load_base(
    folder: ModelFolder, device: str, dtype: torch.dtype
) -> tuple["Qwen3ASRForConditionalGeneration", "Qwen3ASRProcessor"]:
    """Loads the base model of either layout, frozen, in evaluation mode, and its processor.

    Args:
        folder: where it is.
        device: a torch device name.
        dtype: of all weights.

    Raises:
        LayoutError: a file cannot be read.
        MissingModelError: a shard is absent.
        KeyMismatchError: tensors are missing, unexpected or of another shape. transformers would
            fill them with random numbers and say nothing.
    """
    from transformers import Qwen3ASRForConditionalGeneration

    weight_files(folder.base)
    config = read_config(folder)
    original = folder.layout is BaseLayout.ORIGINAL
    try:
        with _no_progress_bars(), understood(folder.base / "config.json"):
            model, report = Qwen3ASRForConditionalGeneration.from_pretrained(
                folder.base,
                config=config,
                key_mapping=ORIGINAL_TO_NATIVE if original else None,
                dtype=dtype,
                use_safetensors=True,
                local_files_only=True,
                ignore_mismatched_sizes=True,  # so that the report names them
                output_loading_info=True,
            )
    except (OSError, SafetensorError) as error:
        raise LayoutError(f"The weights in {folder.base} cannot be read: {error}.") from error
    _refuse_misfits(folder, report)
    processor = load_processor(folder)
    model.generation_config = generation_config(folder.base, processor.tokenizer)
    model.eval().requires_grad_(False).to(device)
    return model, processor


def stored_dtype(folder: ModelFolder) -> torch.dtype:
    """The dtype that the weights are stored in.

    Raises:
        LayoutError: the file cannot be read, or holds something else than floats.
    """
    path = weight_files(folder.base)[0]
    try:
        with safe_open(path, framework="pt") as file:
            name = next(iter(file.keys()))
            return _DTYPES[file.get_slice(name).get_dtype()]
    except (SafetensorError, StopIteration, KeyError) as error:
        raise LayoutError(f"{path} holds no weights that can be read: {error}.") from error


def _refuse_misfits(folder: ModelFolder, report: dict[str, set[str]]) -> None:
    # The output layer shares the embedding's weights: that it is absent is right.
    missing = set(report["missing_keys"]) - {"lm_head.weight"}
    for kind, keys in (
        ("lacks", missing),
        ("holds, against expectation,", report["unexpected_keys"]),
        ("has in another shape", report["mismatched_keys"]),
    ):
        if keys:
            first = sorted(map(str, keys))[0]
            raise KeyMismatchError(
                f"{folder.base} {kind} {len(keys)} tensors, first {first}.",
                "Nothing was loaded.",
                "Copy or download the folder again.",
            )


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    """Keeps transformers from drawing on a terminal that belongs to someone else."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    level = logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()
