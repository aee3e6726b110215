"""Puts the best adapter of the proof in as the model's own, in the form that mini ships in."""

import shutil
import tempfile
from pathlib import Path

import torch

from engine.checkpoint import locate
from engine.checkpoint.base import load_base
from engine.checkpoint.mount import ADAPTER_NAME
from engine.errors import UsageError
from engine.models import write_sums
from training.adapters.fingerprint import adapter_sha256
from training.finetune.config import AdapterConfig
from training.finetune.lora import with_adapter
from training.proof.plan import Row
from training.proof.results import Results
from training.proof.rows import adapter_folder

ADAPTER = Path("adapters") / "robust"


def ship(work: Path, results: Results, model: Path) -> Path:
    """Replaces the adapter of a model by the best one, and writes the model's sums anew.

    The best is the one with the lowest word error rate on the held-out clips; the test clips have
    no say in it. The router stays as it is, and so does the card: it has to be measured again.

    Args:
        work: folder of the proof.
        results: of the proof.
        model: folder of the model, in our layout.

    Returns:
        The adapter's folder in the model.

    Raises:
        UsageError: the adapter in the folder is not the one that was measured.
    """
    row, seed = Row(results.best_row), results.best_seed
    source = adapter_folder(work, row, seed)
    found = results.row(row)
    if adapter_sha256(source) != found.adapters[found.seeds.index(seed)]:
        raise UsageError(
            f"{source} is not the adapter that the results tell of.",
            "Nothing was changed.",
            "Make the proof again: python -m training.proof",
        )
    target = model / ADAPTER
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = _written(source, model, Path(folder))
        shutil.rmtree(target)
        made.rename(target)
    write_sums(model)
    return target


def _written(source: Path, model: Path, folder: Path) -> Path:
    """The adapter in half precision, as PEFT writes it for mini, inside an empty folder."""
    base, _ = load_base(locate(model), "cpu", torch.float32)
    adapted = with_adapter(base, AdapterConfig(), source)
    adapted.peft_config[ADAPTER_NAME].base_model_name_or_path = "../../base"
    adapted.half().save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink()  # PEFT's blank form
    return folder / ADAPTER_NAME
