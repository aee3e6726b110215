"""The recipe, from nothing to a folder that ships; each stage resumes where it was interrupted."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from training.mini.base import train_encoder, train_joint
from training.mini.corpus import Corpus, Sizes, load_script, save_script, script, synthesise
from training.mini.examples import PHONES, Collator
from training.mini.loop import Budget
from training.mini.model import ModelSizes, PhoneHead, make_config, make_model
from training.mini.scoring import word_error_rate
from training.mini.tokenizer import make_processor, train_tokenizer
from training.mini.transcribe import transcribe

SEED = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything: the defaults take about two hours on two cores."""

    sizes: Sizes = field(default_factory=Sizes)
    model: ModelSizes = field(default_factory=ModelSizes)
    encoder: Budget = field(default_factory=lambda: Budget(seconds=9 * 60))
    joint: Budget = field(default_factory=lambda: Budget(seconds=64 * 60))
    robust: Budget = field(default_factory=lambda: Budget(seconds=13 * 60))
    router: Budget = field(default_factory=lambda: Budget(seconds=5 * 60))
    processes: int = 2


class Recipe:
    """Runs stages in `work`; what ships goes to `out`, and the sample to `samples`."""

    def __init__(self, out: Path, work: Path, samples: Path, plan: Plan | None = None) -> None:
        self.out = out
        self.work = work
        self.samples = samples
        self.plan = plan or Plan()
        self.stages: dict[str, Callable[[], None]] = {
            "text": self.text,
            "synthesis": self.synthesis,
            "tokenizer": self.tokenizer,
            "encoder": self.encoder,
            "joint": self.joint,
        }

    def run(self, stage: str | None = None) -> None:
        """Every stage that is not finished, in order; or one stage, whether finished or not."""
        self.work.mkdir(parents=True, exist_ok=True)
        for name in [stage] if stage else list(self.stages):
            finished = self.work / f"{name}.finished"
            if stage or not finished.exists():
                print(f"== {name}", flush=True)
                self.stages[name]()
                finished.touch()

    def text(self) -> None:
        save_script(script(self.plan.sizes, SEED), self.work / "script.json")

    def synthesis(self) -> None:
        lines = load_script(self.work / "script.json")
        synthesise(lines, self.work / "corpus", self.plan.processes)

    def tokenizer(self) -> None:
        lines = load_script(self.work / "script.json")
        texts = [line.text for line in lines if line.split == "train"]
        make_processor(train_tokenizer(texts)).save_pretrained(self.work / "processor")

    def encoder(self) -> None:
        corpus, processor = self._corpus(), self._processor()
        model = make_model(make_config(self.plan.model, processor.tokenizer), SEED)
        head = train_encoder(
            corpus, model, Collator(processor.tokenizer), self.work / "encoder", SEED,
            self.plan.encoder,
        )  # fmt: skip
        torch.save(
            {"model": model.state_dict(), "head": head.state_dict()}, self.work / "encoder.pt"
        )

    def joint(self) -> None:
        corpus, processor = self._corpus(), self._processor()
        model = make_model(make_config(self.plan.model, processor.tokenizer), SEED)
        head = PhoneHead(self.plan.model.width, len(PHONES))
        start = torch.load(self.work / "encoder.pt", weights_only=True)
        model.load_state_dict(start["model"])
        head.load_state_dict(start["head"])
        clips = corpus.split("dev")

        def report() -> str:
            texts = transcribe(model, processor, [corpus.wave(clip) for clip in clips])
            rate = word_error_rate([clip.text for clip in clips], texts)
            return f"development WER {rate:.1f} %; {clips[0].text!r} -> {texts[0]!r}"

        train_joint(
            corpus, model, head, Collator(processor.tokenizer), self.work / "joint", SEED + 1,
            self.plan.joint, report,
        )  # fmt: skip
        self._save_base(model, processor)

    def _save_base(self, model: Any, processor: Any) -> None:
        base = self.out / "base"
        shutil.rmtree(base, ignore_errors=True)
        model.half().save_pretrained(base)
        processor.save_pretrained(base)

    def _corpus(self) -> Corpus:
        return Corpus(self.work / "corpus")

    def _processor(self) -> Any:
        from transformers import AutoProcessor

        return AutoProcessor.from_pretrained(self.work / "processor")
