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
from training.mini.base import (
    FIRST_CYCLE,
    SECOND_CYCLE,
    Cycle,
    train_encoder,
    train_joint,
)
from training.mini.card import write_card
from training.mini.corpus import (
    JOINED,
    Corpus,
    Sizes,
    load_script,
    save_script,
    script,
    synthesise,
)
from training.mini.evaluate import evaluate, invented_text, load_outcomes, save_outcomes
from training.mini.examples import PHONES, Collator, Example, joined_wave, speech_source
from training.mini.loop import Budget
from training.mini.model import ModelSizes, PhoneHead, make_config, make_model
from training.mini.parallel import run_ranks
from training.mini.robust import train_robust, with_adapter
from training.mini.routing import train_router
from training.mini.sample import SENTENCES, make_sample
from training.mini.scenes import make_scenes, materials_beside
from training.mini.scoring import word_error_rate
from training.mini.text import normal
from training.mini.tokenizer import make_processor, train_tokenizer
from training.mini.transcribe import load_base, load_robust, transcribe
from training.mini.voices import ESPEAK_ACCENTS, ESPEAK_VARIANTS, HELD_OUT, TRAINED_SHARES

SEED = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything: the defaults take almost three hours on two cores."""

    sizes: Sizes = field(default_factory=Sizes)
    model: ModelSizes = field(default_factory=ModelSizes)
    encoder: Budget = field(default_factory=lambda: Budget(seconds=8 * 60))
    joint: Budget = field(default_factory=lambda: Budget(seconds=36 * 60))
    refine: Budget = field(default_factory=lambda: Budget(seconds=60 * 60))
    scene_pools: int = 56
    robust: Budget = field(default_factory=lambda: Budget(seconds=36 * 60))
    router: Budget = field(default_factory=lambda: Budget(seconds=6 * 60))
    per_scenario: int = 24
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
            "refine": self.refine,
            "scenes": self.scenes,
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
        self._on_all_cores(self._train_encoder)

    def _train_encoder(self) -> None:
        corpus, processor = self._corpus(), self._processor()
        train_encoder(
            corpus, self._model(processor), self._head(), Collator(processor.tokenizer),
            self.work / "encoder", SEED, self.plan.encoder,
        )  # fmt: skip

    def joint(self) -> None:
        self._on_all_cores(self._train_joint, FIRST_CYCLE, "encoder", SEED + 1, self.plan.joint)

    def refine(self) -> None:
        self._on_all_cores(self._train_joint, SECOND_CYCLE, "joint", SEED + 4, self.plan.refine)
        processor = self._processor()
        model = self._model(processor)
        model.load_state_dict(self._weights("refine")["model"])
        self._save_base(model, processor)

    def _train_joint(self, cycle: Cycle, stage_before: str, seed: int, budget: Budget) -> None:
        corpus, processor = self._corpus(), self._processor()
        model, head = self._model(processor), self._head()
        start = self._weights(stage_before)
        model.load_state_dict(start["model"])
        head.load_state_dict(start["head"])
        clips = corpus.split("dev")
        single = [Example((clip,), (0.0, 0.0)) for clip in clips]
        joined = [
            Example(tuple(clips[first : first + JOINED]), (0.0, 0.5, 0.5, 0.5, 0.0))
            for first in range(0, len(clips) - JOINED + 1, JOINED)
        ]

        def word_errors(examples: list[Example]) -> str:
            waves = [joined_wave(corpus, example) for example in examples]
            texts = transcribe(model, processor, waves)
            rate = word_error_rate([example.text for example in examples], texts)
            return f"{rate:.1f} %; {examples[0].text!r} -> {texts[0]!r}"

        def report() -> str:
            return f"development WER {word_errors(single)}\n  joined {word_errors(joined)}"

        train_joint(
            corpus, model, head, Collator(processor.tokenizer), self.work / cycle.name, seed,
            cycle, budget, report,
        )  # fmt: skip

    def scenes(self) -> None:
        make_scenes(
            self._corpus_path, self._scenes_path, self.plan.scene_pools, SEED, self.plan.processes
        )

    def robust(self) -> None:
        self._on_all_cores(self._train_robust)
        adapted = with_adapter(load_base(self.out))
        adapted.load_state_dict(self._weights("robust")["adapter"])
        adapted.peft_config["default"].base_model_name_or_path = "../../base"
        adapted.half().save_pretrained(self.out / "adapters" / "robust")
        (self.out / "adapters" / "robust" / "README.md").unlink()  # PEFT's blank form

    def _train_robust(self) -> None:
        scenes, processor = Corpus(self._scenes_path), self._processor()
        adapted = with_adapter(load_base(self.out))
        head = self._head()
        head.load_state_dict(self._weights("refine")["head"])
        clips = scenes.split("dev")

        def report() -> str:
            adapted.eval()
            waves = [scenes.wave(clip) for clip in clips]
            texts = transcribe(adapted.get_base_model(), processor, waves)
            adapted.train()
            return f"WER, degraded: {word_error_rate([clip.text for clip in clips], texts):.1f} %"

        train_robust(
            scenes, adapted, head, Collator(processor.tokenizer), self.work / "robust", SEED + 2,
            self.plan.robust, report,
        )  # fmt: skip

    def router(self) -> None:
        self._on_all_cores(self._train_router)
        network = RouterNetwork()
        network.load_state_dict(self._weights("router")["network"])
        self._router_path.parent.mkdir(parents=True, exist_ok=True)
        save_router(network, self._router_path)

    def _train_router(self) -> None:
        torch.manual_seed(SEED)
        train_router(
            Corpus(self._scenes_path), RouterNetwork(), self.work / "router", SEED + 3,
            self.plan.router,
        )  # fmt: skip

    def evaluate(self) -> None:
        outcomes = evaluate(
            self._corpus_path, self.out, materials_beside(self._scenes_path),
            self.work / "evaluate", per_scenario=self.plan.per_scenario,
            processes=self.plan.processes,
        )  # fmt: skip
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
        scenes = Corpus(self._scenes_path).split("train")
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
            "random_share": sum(clip.kind == "random" for clip in clips) / len(clips),
            "words": len({word for clip in clips for word in normal(clip.text)}),
            "held_out": ", ".join(voice.name for voice in HELD_OUT),
            "encoder_min": (self.plan.encoder.seconds or 0) / 60,
            "joint_min": (self.plan.joint.seconds or 0) / 60,
            "refine_min": (self.plan.refine.seconds or 0) / 60,
            "scenes": len(scenes),
            "clean_scenes": sum(clip.severity == 0.0 for clip in scenes) / len(scenes),
            "robust_min": (self.plan.robust.seconds or 0) / 60,
            "router_min": (self.plan.router.seconds or 0) / 60,
        }

    @property
    def _corpus_path(self) -> Path:
        return self.work / "corpus"

    @property
    def _scenes_path(self) -> Path:
        return self.work / "scenes"

    @property
    def _router_path(self) -> Path:
        return self.out / "router" / "router.safetensors"

    def _model(self, processor: Any) -> Any:
        return make_model(make_config(self.plan.model, processor.tokenizer), SEED)

    def _head(self) -> PhoneHead:
        return PhoneHead(self.plan.model.width, len(PHONES))

    def _on_all_cores(self, work: Callable[..., None], *arguments: Any) -> None:
        run_ranks(work, arguments, self.plan.processes)

    def _weights(self, stage: str) -> Any:
        """What a finished stage has trained, by module."""
        return torch.load(self.work / stage / "state.pt", weights_only=True)["weights"]

    def _save_base(self, model: Any, processor: Any) -> None:
        base = self.out / "base"
        shutil.rmtree(base, ignore_errors=True)
        model.half().save_pretrained(base)
        processor.save_pretrained(base)

    def _corpus(self) -> Corpus:
        return Corpus(self._corpus_path)

    def _processor(self) -> Any:
        return AutoProcessor.from_pretrained(self.work / "processor")
