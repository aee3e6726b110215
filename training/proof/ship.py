"""Puts what the proof chose in as the model's own adapter and router, in the form mini ships in."""

import shutil
import tempfile
from pathlib import Path

import torch

from engine.checkpoint import locate
from engine.checkpoint.base import load_base
from engine.checkpoint.folder import ROUTER_FILE, ROUTER_REPORT
from engine.checkpoint.mount import ADAPTER_NAME
from engine.errors import UsageError
from engine.models import write_sums
from training.adapters.fingerprint import adapter_sha256, file_sha256
from training.finetune.config import AdapterConfig
from training.finetune.lora import with_adapter
from training.proof.finalists import finalists, own_router
from training.proof.plan import Plan, Row
from training.proof.results import Results

ADAPTER = Path("adapters") / "robust"
ROUTER = Path("router")


def ship(work: Path, plan: Plan, results: Results, model: Path) -> str:
    """Replaces adapter and router of mini by those that heard the held-out clips best, and
    writes the model's sums anew; leaves it as it is where nothing was better.

    The test clips have no say in it. The card stays as it is: it has to be measured again.

    Args:
        work: folder of the proof.
        plan: of the proof.
        results: of the proof.
        model: folder of mini.

    Returns:
        The name of what ships, see `training.proof.results.Contender`.

    Raises:
        UsageError: adapter or router in the folder are not those that were measured.
    """
    chosen = results.ships
    if chosen.is_present:
        return chosen.name
    before = next(one for one in results.contenders if one.is_present)
    best, row = (Row(results.best_row), results.best_seed), Row(results.further_row)
    found = finalists(plan, before.adapter_sha256, best, row)
    finalist = next(one for one in found if one.name == chosen.adapter)
    adapter = finalist.adapter(work, plan)
    _require(adapter_sha256(adapter) == chosen.adapter_sha256, adapter)
    with tempfile.TemporaryDirectory(dir=model) as folder:
        made = {}
        if finalist.run:
            made[ADAPTER] = _written(adapter, model, Path(folder))
        if chosen.own_router:
            router = own_router(work, finalist)
            assert router is not None  # it was measured
            _require(file_sha256(router) == chosen.router_sha256, router)
            made[ROUTER] = Path(folder) / "router"
            made[ROUTER].mkdir()
            for name in (ROUTER_FILE, ROUTER_REPORT):
                shutil.copyfile(router.with_name(name), made[ROUTER] / name)
        for target, source in made.items():
            shutil.rmtree(model / target)
            source.rename(model / target)
    write_sums(model)
    return chosen.name


def _require(holds: bool, path: Path) -> None:
    if not holds:
        raise UsageError(
            f"{path} is not what the results tell of.",
            "Nothing was changed.",
            "Make the proof again: python -m training.proof",
        )


def _written(source: Path, model: Path, folder: Path) -> Path:
    """The adapter in half precision, as PEFT writes it for mini, inside an empty folder."""
    base, _ = load_base(locate(model), "cpu", torch.float32)
    adapted = with_adapter(base, AdapterConfig(), source)
    adapted.peft_config[ADAPTER_NAME].base_model_name_or_path = "../../base"
    adapted.half().save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink()  # PEFT's blank form
    return folder / ADAPTER_NAME
