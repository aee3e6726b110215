"""How well the adapter hears clips that it never learns from, on the way and at the end."""

from collections.abc import Sequence

from engine.audio import load
from engine.recognizer import Clip
from training.data import Example
from training.finetune.context import Context
from training.finetune.events import HeldOutScored, SampleHeard
from training.finetune.prepare import errors, wer
from training.finetune.trainee import Trainee
from training.score import ErrorCount


def score_held_out(
    context: Context, trainee: Trainee, held_out: Sequence[Example], step: int
) -> float | None:
    """Transcribes held-out clips with the adapter as it is; the same clips every time.

    Returns:
        The pooled WER, 1 = 100 %; None without clips, and in all but the main process.
    """
    most = context.run.config.checkpoints.held_out_clips
    chosen = sorted(held_out, key=lambda e: e.sha256)[:most]
    if not chosen or not context.is_main:
        return None
    with trainee.hearing() as recognizer:
        heard = recognizer.transcribe(
            [Clip(load(e.audio), gate=1.0, context=e.prompt) for e in chosen]
        )
    total = ErrorCount()
    for example, hypothesis in zip(chosen, heard, strict=True):
        count = errors(example, hypothesis.text)
        total += count
        context.emit(
            SampleHeard(context.stage, step, example.id, example.text, hypothesis.text, wer(count))
        )
    context.emit(HeldOutScored(context.stage, step, len(chosen), wer(total)))
    return wer(total)
