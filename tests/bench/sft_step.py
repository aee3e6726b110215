"""A step of supervised fine-tuning against a plain loop over the same clips.

The plain loop takes clips as they come, and scores every column of a batch over the vocabulary;
ours sorts a step's clips by length and scores the columns of the targets. Both have the same
number of clips at once, the same prompts and the same loss. Memory is that of a step at its worst
moment beyond the weights, once more with as many words as the published model knows.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile
import torch
from peft import PeftModel
from torch import Tensor
from torch.nn.functional import cross_entropy, pad
from transformers import Qwen3ASRForConditionalGeneration

from engine.checkpoint import locate
from engine.checkpoint.base import load_base
from engine.checkpoint.config import read_config
from tests.bench.peak import peak_bytes
from tests.bench.published import SHIPPED, published_config
from training.data import Example
from training.finetune.collate import IGNORED, Collator
from training.finetune.config import AdapterConfig
from training.finetune.lora import train_only, with_adapter
from training.finetune.plan import batches
from training.finetune.scopes import Scope

CLIPS = 64
AT_ONCE = 8
"""A step of the paper's script."""

WORDS = ("kettle", "morning", "we", "meet", "at", "nine", "behind", "the", "old", "station")
WORDS_A_SECOND = 2.5


def measure(model: Path = SHIPPED) -> list[str]:
    """Lines to print."""
    base, processor = load_base(locate(model), "cpu", torch.float32)
    adapted = with_adapter(base, AdapterConfig(), None)
    train_only(adapted, set(Scope))
    adapted.train()
    collate = Collator(processor)
    with tempfile.TemporaryDirectory() as folder:
        clips = _clips(Path(folder))
        count = CLIPS // AT_ONCE
        sorted_by_length = [collate([batch]) for batch in batches(tuple(clips), count)]
        as_they_come = [collate([clips[at : at + AT_ONCE]]) for at in range(0, CLIPS, AT_ONCE)]
    seconds = sum(clip.duration_s for clip in clips)
    tokens = sum(int((b["labels"] != IGNORED).sum()) for b in sorted_by_length)
    _step(adapted, sorted_by_length[:1], everything=False)
    ours_bytes = peak_bytes(lambda: _step(adapted, sorted_by_length, everything=False))
    plain_bytes = peak_bytes(lambda: _step(adapted, as_they_come, everything=True))
    ours_s = _seconds(lambda: _step(adapted, sorted_by_length, everything=False))
    plain_s = _seconds(lambda: _step(adapted, as_they_come, everything=True))
    lengths = sorted(clip.duration_s for clip in clips)
    return [
        f"{CLIPS} clips, {AT_ONCE} at once, of {lengths[0]:.1f} to {lengths[-1]:.1f} s, "
        f"half of them under {lengths[CLIPS // 2]:.1f} s; {torch.get_num_threads()} threads",
        f"padding, as they come / by length: {_padding(as_they_come):.0%} / "
        f"{_padding(sorted_by_length):.0%} of the frames",
        f"plain loop / ours: {plain_s / ours_s:.2f} x the processor time of a step",
        f"ours: {tokens / ours_s:.0f} target tokens and {seconds / ours_s:.1f} s of audio for each "
        "second of it",
        f"memory, plain loop / ours: {plain_bytes / ours_bytes:.2f} x; {_many_words(as_they_come)}",
    ]


def _many_words(made: Sequence[dict[str, Tensor]]) -> str:
    """The same batch in both forms: two of its clips, with the published vocabulary."""
    sizes = read_config(locate(SHIPPED))
    sizes.text_config.vocab_size = published_config().text_config.vocab_size
    base = Qwen3ASRForConditionalGeneration(sizes).requires_grad_(False)
    adapted = with_adapter(base, AdapterConfig(), None)
    train_only(adapted, set(Scope))
    adapted.train()
    two = [{name: tensor[:2] for name, tensor in made[0].items()}]
    plain = peak_bytes(lambda: _step(adapted, two, everything=True))
    ours = peak_bytes(lambda: _step(adapted, two, everything=False))
    words = sizes.text_config.vocab_size
    return f"with {words} words and 2 clips at once {plain / ours:.1f} x ({ours / 1e6:.0f} MB ours)"


def _clips(folder: Path) -> list[Example]:
    """Lengths as in collections of read and spoken clips: log-normal, 4 s in the middle."""
    random = np.random.default_rng(11)
    made = []
    for number in range(CLIPS):
        duration_s = float(np.clip(random.lognormal(np.log(4.0), 0.7), 1.0, 15.0))
        samples = 0.1 * random.standard_normal(int(16_000 * duration_s))
        soundfile.write(folder / f"{number}.wav", samples, 16_000)
        words = random.choice(WORDS, max(1, int(WORDS_A_SECOND * duration_s)))
        made.append(
            Example(
                folder / f"{number}.wav", " ".join(words), "English", duration_s=duration_s,
                sha256=str(number),
            )
        )  # fmt: skip
    return made


def _step(model: PeftModel, made: Sequence[dict[str, Tensor]], *, everything: bool) -> None:
    for batch in made:
        labels = batch["labels"]
        shown = {name: tensor for name, tensor in batch.items() if name != "labels"}
        keep = 0 if everything else labels.shape[1]
        scores = model(**shown, logits_to_keep=keep, use_cache=False).logits[:, :-1]
        wanted = pad(labels[:, 1:], (scores.shape[1] - labels.shape[1] + 1, 0), value=IGNORED)
        cross_entropy(
            scores.flatten(0, 1).float(), wanted.flatten(), ignore_index=IGNORED
        ).backward()
    model.zero_grad()


def _padding(made: Sequence[dict[str, Tensor]]) -> float:
    masks = [batch["input_features_mask"] for batch in made]
    return 1.0 - sum(float(m.sum()) for m in masks) / sum(m.numel() for m in masks)


def _seconds(work: Callable[[], None]) -> float:
    """Processor time, which a busy machine does not stretch as it does the clock's."""
    begun = time.process_time()
    work()
    return time.process_time() - begun
