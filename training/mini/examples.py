"""Training examples: clips joined, coloured and labelled, gathered into batches of equal length.

Everything is a function of a seed and a number, so that training resumes exactly.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from training.mini.augment import Colour, coloured, masked
from training.mini.corpus import Clip, Corpus
from training.mini.degrade import noise_wave
from training.mini.features import FRAMES_PER_SECOND, SILENCE, floored, log_mel
from training.mini.model import CHUNK, audio_tokens
from training.mini.speak import HOP
from training.mini.text import vocabulary
from training.mini.tokenizer import AUDIO, AUDIO_END, AUDIO_START, TEXT, TURN_END, TURN_START

# flite's phones; 0 is the blank of CTC.
_PHONE_NAMES = (
    "aa ae ah ao aw ax ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw "
    "v w y z zh"
)
PHONES = _PHONE_NAMES.split()
_PHONE_IDS = {phone: number for number, phone in enumerate(PHONES, start=1)}
POOL = 512  # examples sorted by length at a time
LONGEST_S = 20.0
IGNORED = -100


@dataclass(frozen=True, slots=True)
class Mixture:
    """What a stage trains on.

    `joined_share` of the examples are 2 to 5 sentences with pauses, `noise_share` hold no speech,
    `prompt_share` bring hot words; clips longer than `longest_s` are left out; `masking` scales
    SpecAugment; `warp_share` get another vocal tract. `slip_share` of the words' tokens are wrong
    when the decoder reads back what it wrote, so that it listens on after an error of its own. The
    batches of a step hold about `batch_s` seconds of audio.
    """

    joined_share: float = 0.3
    noise_share: float = 0.025
    prompt_share: float = 0.1
    longest_s: float = LONGEST_S
    masking: float = 1.0
    warp_share: float = 0.4
    slip_share: float = 0.0
    batch_s: float = 96.0


@dataclass(frozen=True, slots=True)
class Example:
    """Clips to be joined with pauses before each of them; no clips at all: no speech."""

    clips: tuple[Clip, ...]
    pauses_s: tuple[float, ...]

    @property
    def duration_s(self) -> float:
        return sum(self.pauses_s) + sum(clip.duration_s for clip in self.clips)

    @property
    def text(self) -> str:
        return " ".join(clip.text for clip in self.clips)

    @property
    def phones(self) -> list[int]:
        return [_PHONE_IDS[phone] for clip in self.clips for phone in clip.phones]


@dataclass(frozen=True, slots=True)
class Batch:
    """Right-padded tensors; `labels` are the token ids to be predicted at `attended` positions."""

    mels: Tensor
    frames: Tensor
    input_ids: Tensor
    attended: Tensor
    labels: Tensor
    phones: Tensor
    phone_counts: Tensor

    @property
    def tokens(self) -> Tensor:
        return audio_tokens(self.frames)


class Pools:
    """Draws examples from the training clips and sorts them into batches."""

    def __init__(self, clips: Sequence[Clip], seed: int) -> None:
        self._clips = list(clips)
        self._seed = seed
        self._by_voice: dict[str, list[Clip]] = {}
        for clip in clips:
            self._by_voice.setdefault(clip.voice, []).append(clip)

    def _example(self, mixture: Mixture, rng: random.Random) -> Example:
        if rng.random() < mixture.noise_share:
            return Example((), (rng.uniform(0.5, 6.0),))
        first = rng.choice(self._clips)
        while first.duration_s > mixture.longest_s:
            first = rng.choice(self._clips)
        clips, pauses_s = [first], [rng.uniform(0.0, 0.4)]
        if rng.random() < mixture.joined_share:
            same_voice = self._by_voice[first.voice] if rng.random() < 0.7 else self._clips
            for _ in range(rng.randint(1, 4)):
                clip, pause_s = rng.choice(same_voice), rng.uniform(0.1, 0.8)
                total_s = sum(c.duration_s for c in clips) + sum(pauses_s)
                if total_s + clip.duration_s + pause_s > LONGEST_S - 0.4:
                    break
                clips.append(clip)
                pauses_s.append(pause_s)
        return Example(tuple(clips), (*pauses_s, rng.uniform(0.0, 0.3)))

    def batches(self, number: int, mixture: Mixture) -> list[list[Example]]:
        """The batches of pool `number`, each of similar lengths, in random order.

        Two neighbours are similar too: nobody waits long for the other where two train at once.
        """
        rng = random.Random(f"{self._seed}/{number}")
        examples = [self._example(mixture, rng) for _ in range(POOL)]
        examples.sort(key=lambda example: example.duration_s)
        batches: list[list[Example]] = [[]]
        for example in examples:
            if (len(batches[-1]) + 1) * max(example.duration_s, 1.0) > mixture.batch_s:
                batches.append([])
            batches[-1].append(example)
        odd = len(batches) % 2
        pairs = [batches[start : start + 2] for start in range(odd, len(batches), 2)]
        rng.shuffle(pairs)
        return [batch for pair in [*pairs, batches[:odd]] for batch in pair]


def joined_mel(corpus: Corpus, example: Example) -> Tensor:
    """(128, frames) log-mel of the example without the floor, digital silence in the pauses."""
    parts = []
    for pause_s, clip in zip(example.pauses_s, example.clips, strict=False):
        parts.append(torch.full((128, round(pause_s * FRAMES_PER_SECOND)), SILENCE))
        parts.append(corpus.mel(clip))
    parts.append(torch.full((128, round(example.pauses_s[-1] * FRAMES_PER_SECOND)), SILENCE))
    return torch.cat(parts, dim=1)


def joined_wave(corpus: Corpus, example: Example) -> Tensor:
    """(samples,) of the example, whole hops."""
    parts = []
    for pause_s, clip in zip(example.pauses_s, example.clips, strict=False):
        parts.append(torch.zeros(round(pause_s * FRAMES_PER_SECOND) * HOP))
        parts.append(corpus.wave(clip))
    parts.append(torch.zeros(round(example.pauses_s[-1] * FRAMES_PER_SECOND) * HOP))
    return torch.cat(parts)


def speech_source(corpus: Corpus, rng: random.Random) -> Callable[[], Tensor]:
    """Random training clips, for babble."""
    clips = corpus.split("train")
    return lambda: corpus.wave(rng.choice(clips))


def clean_mel(corpus: Corpus, example: Example, mixture: Mixture, rng: random.Random) -> Tensor:
    """The input of base training: coloured, floored, masked."""
    if example.clips:
        mel = coloured(joined_mel(corpus, example), Colour.draw(rng, mixture.warp_share), rng)
    else:
        hops = round(example.duration_s * FRAMES_PER_SECOND)
        mel = log_mel(noise_wave(hops * HOP, rng))
    return masked(floored(mel), mixture.masking, rng) if example.clips else floored(mel)


def hot_words(example: Example, rng: random.Random) -> str:
    """One to six words: some of the sentence, most of them not."""
    words = rng.sample(vocabulary(), rng.randint(1, 6))
    spoken = [word.strip(".,?") for word in example.text.split()]
    if spoken and rng.random() < 0.5:
        words += rng.sample(spoken, min(len(spoken), 2))
        rng.shuffle(words)
    return rng.choice((", ", " ")).join(words)


class Collator:
    """Mels and token ids of a batch."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._pad = tokenizer.pad_token_id
        self._text = tokenizer.convert_tokens_to_ids(TEXT)
        self._words = tokenizer.convert_tokens_to_ids(AUDIO)  # the special tokens come last

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _tokens(self, example: Example, audio: int, prompt: str) -> tuple[list[int], list[int]]:
        head = f"{TURN_START}system\n{prompt}{TURN_END}\n{TURN_START}user\n"
        tail = f"{TURN_END}\n{TURN_START}assistant\n"
        asked = self._ids(f"{head}{AUDIO_START}{AUDIO * audio}{AUDIO_END}{tail}")
        language = "English" if example.clips else "None"
        return asked, self._ids(f"language {language}{TEXT}{example.text}{TURN_END}")

    def _with_slips(self, answer: list[int], share: float, rng: random.Random) -> list[int]:
        first = answer.index(self._text) + 1
        return [
            rng.randrange(self._words) if place >= first and rng.random() < share else token
            for place, token in enumerate(answer)
        ]

    def __call__(
        self,
        examples: Sequence[Example],
        mels: Sequence[Tensor],
        mixture: Mixture,
        rng: random.Random,
    ) -> Batch:
        """Pads the mels (each (128, frames), floored); builds prompts and targets around them."""
        frames = torch.tensor([mel.shape[1] for mel in mels])
        time = int(-(-frames.max() // CHUNK)) * CHUNK
        padded = torch.zeros(len(mels), mels[0].shape[0], time)
        for row, mel in zip(padded, mels, strict=True):
            row[:, : mel.shape[1]] = mel
        pairs = []
        for example, audio in zip(examples, audio_tokens(frames).tolist(), strict=True):
            prompt = hot_words(example, rng) if rng.random() < mixture.prompt_share else ""
            pairs.append(self._tokens(example, audio, prompt))
        length = max(len(asked) + len(answer) for asked, answer in pairs)
        input_ids = torch.full((len(pairs), length), self._pad)
        attended = torch.zeros(len(pairs), length, dtype=torch.bool)
        for ids, wanted, (asked, answer) in zip(input_ids, attended, pairs, strict=True):
            read_back = self._with_slips(answer, mixture.slip_share, rng)
            ids[: len(asked) + len(answer)] = torch.tensor(asked + read_back)
            wanted[len(asked) - 1 : len(asked) + len(answer) - 1] = True
        phones = [example.phones for example in examples]
        return Batch(
            mels=padded,
            frames=frames,
            input_ids=input_ids,
            attended=attended,
            labels=torch.tensor([token for _, answer in pairs for token in answer]),
            phones=torch.tensor([phone for row in phones for phone in row]),
            phone_counts=torch.tensor([len(row) for row in phones]),
        )
