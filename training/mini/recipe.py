"""The recipe, from nothing to a folder that ships; each stage resumes where it was interrupted."""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers import AutoProcessor

from engine.models import write_sums
from engine.router import RouterNetwork, save_router
from training.mini.base import train_encoder, train_joint
from training.mini.card import write_card
from training.mini.corpus import Corpus, Sizes, load_script, save_script, script, synthesise
from training.mini.degrade import damaged, draw_damage
from training.mini.evaluate import (
    CONDITIONS,
    Task,
    evaluate,
    invented_text,
    load_outcomes,
    save_outcomes,
)
from training.mini.examples import PHONES, Collator
from training.mini.loop import Budget
from training.mini.model import ModelSizes, PhoneHead, make_config, make_model
from training.mini.robust import speech_source, train_robust, with_adapter
from training.mini.routing import train_router
from training.mini.sample import SENTENCES, make_sample
from training.mini.scoring import word_error_rate
from training.mini.text import normal
from training.mini.tokenizer import make_processor, train_tokenizer
from training.mini.transcribe import load_base, load_robust, transcribe
from training.mini.voices import ESPEAK_ACCENTS, ESPEAK_VARIANTS, HELD_OUT, TRAINED_SHARES

SEED = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything: the defaults take about two hours on two cores."""

    sizes: Sizes = field(default_factory=Sizes)
    model: ModelSizes = field(default_factory=ModelSizes)
    encoder: Budget = field(default_factory=lambda: Budget(seconds=9 * 60))
    joint: Budget = field(default_factory=lambda: Budget(seconds=81 * 60))
    robust: Budget = field(default_factory=lambda: Budget(seconds=8 * 60))
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
            "robust": self.robust,
            "router": self.router,
            "evaluate": self.evaluate,
            "card": self.card,
            "sample": self.sample,
        }

    def run(self, stage: str | None = None) -> None:
        """Every stage that is not finished, in order; or one stage, if finished then afresh."""
        self.work.mkdir(parents=True, exist_ok=True)
        for name in [stage] if stage else list(self.stages):
            finished = self.work / f"{name}.finished"
            if stage and finished.exists():
                finished.unlink()
                shutil.rmtree(self.work / name, ignore_errors=True)
            if not finished.exists():
                print(f"== {name}", flush=True)
                self.stages[name]()
                finished.touch()

    def text(self) -> None:
        lines = script(self.plan.sizes, SEED, kept_out=SENTENCES)
        save_script(lines, self.work / "script.json")

    def synthesis(self) -> None:
        lines = load_script(self.work / "script.json")
        synthesise(lines, self._corpus_path, self.plan.processes)

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

    def robust(self) -> None:
        corpus, processor = self._corpus(), self._processor()
        adapted = with_adapter(load_base(self.out))
        saved = torch.load(self.work / "joint" / "state.pt", weights_only=True)
        head = PhoneHead(self.plan.model.width, len(PHONES))
        head.load_state_dict(saved["weights"]["head"])
        clips = corpus.split("dev")
        rng = random.Random(SEED)
        speech = speech_source(corpus, rng)
        waves = [damaged(corpus.wave(clip), draw_damage(rng), speech, rng) for clip in clips]

        def report() -> str:
            adapted.eval()
            texts = transcribe(adapted.get_base_model(), processor, waves)
            adapted.train()
            return f"WER, damaged: {word_error_rate([clip.text for clip in clips], texts):.1f} %"

        train_robust(
            corpus, adapted, head, Collator(processor.tokenizer), self.work / "robust", SEED + 2,
            self.plan.robust, report,
        )  # fmt: skip
        adapted.peft_config["default"].base_model_name_or_path = "../../base"
        adapted.half().save_pretrained(self.out / "adapters" / "robust")
        (self.out / "adapters" / "robust" / "README.md").unlink()  # PEFT's blank form

    def router(self) -> None:
        torch.manual_seed(SEED)
        network = RouterNetwork()
        train_router(self._corpus(), network, self.work / "router", SEED + 3, self.plan.router)
        self._router_path.parent.mkdir(parents=True, exist_ok=True)
        save_router(network, self._router_path)

    def evaluate(self) -> None:
        results = self.work / "evaluate"
        results.mkdir(exist_ok=True)
        tasks = [
            Task(self._corpus_path, self.out, condition, results / f"{condition}.json")
            for condition in CONDITIONS
        ]
        outcomes = evaluate(tasks, self.plan.processes)
        invented = invented_text(load_base(self.out), load_robust(self.out), self._processor())
        save_outcomes(outcomes, invented, self.out / "evaluation.json")

    def card(self) -> None:
        outcomes, invented = load_outcomes(self.out / "evaluation.json")
        write_card(outcomes, invented, self._facts(), self.out / "card.md")
        write_sums(self.out)

    def sample(self) -> None:
        make_sample(self.samples, speech_source(self._corpus(), random.Random(SEED)), SEED)

    def _facts(self) -> dict[str, object]:
        clips = self._corpus().split("train")
        parts = {name: self.out / name for name in ("base", "adapters", "router")}
        sizes_mb = {
            name: sum(file.stat().st_size for file in part.rglob("*") if file.is_file()) / 1e6
            for name, part in parts.items()
        }
        adapter = load_file(self.out / "adapters" / "robust" / "adapter_model.safetensors")
        router = load_file(self._router_path)
        return {
            "parameters": sum(p.numel() for p in load_base(self.out).parameters()) / 1e6,
            "adapter_parameters": sum(tensor.numel() for tensor in adapter.values()) / 1e6,
            "router_parameters": sum(tensor.numel() for tensor in router.values()) / 1e6,
            "sizes": ", ".join(f"{name} {size:.1f} MB" for name, size in sizes_mb.items()),
            "clips": len(clips),
            "hours": sum(clip.duration_s for clip in clips) / 3600,
            "voices": ", ".join(voice.name for voice in TRAINED_SHARES),
            "accents": len(ESPEAK_ACCENTS),
            "variants": len(ESPEAK_VARIANTS),
            "words": len({word for clip in clips for word in normal(clip.text)}),
            "held_out": ", ".join(voice.name for voice in HELD_OUT),
            "encoder_min": (self.plan.encoder.seconds or 0) / 60,
            "joint_min": (self.plan.joint.seconds or 0) / 60,
            "robust_min": (self.plan.robust.seconds or 0) / 60,
            "router_min": (self.plan.router.seconds or 0) / 60,
        }

    @property
    def _corpus_path(self) -> Path:
        return self.work / "corpus"

    @property
    def _router_path(self) -> Path:
        return self.out / "router" / "router.safetensors"

    def _save_base(self, model: Any, processor: Any) -> None:
        base = self.out / "base"
        shutil.rmtree(base, ignore_errors=True)
        model.half().save_pretrained(base)
        processor.save_pretrained(base)

    def _corpus(self) -> Corpus:
        return Corpus(self._corpus_path)

    def _processor(self) -> Any:
        return AutoProcessor.from_pretrained(self.work / "processor")
