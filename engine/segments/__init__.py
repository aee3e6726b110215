"""Where the speech is: detection, and cutting into stretches. Takes samples, knows no files."""

from collections.abc import Callable, Iterable, Iterator

from engine.samples import Samples
from engine.segments.cutter import Cutter
from engine.segments.stretch import CutOptions, Stretch, StretchKind
from engine.segments.vad import SpeechDetector

__all__ = ["CutOptions", "Cutter", "SpeechDetector", "Stretch", "StretchKind", "cut"]


def cut(
    blocks: Iterable[Samples],
    detector: SpeechDetector,
    options: CutOptions | None = None,
    *,
    on_quiet: Callable[[float], None] | None = None,
) -> Iterator[Stretch]:
    """Cuts a stream of audio into stretches, each given as soon as it is closed.

    Holds at most the longest segment and a few seconds. The stretches do not depend on how the
    audio comes in blocks.

    Args:
        blocks: mono 16 kHz float32, one after the other.
        detector: reset first, so that one detector serves many recordings.
        options: see `CutOptions`.
        on_quiet: called after each block with the seconds, since the last stretch, that are known
            to hold no speech; a pause is a stretch only when it ends.

    Yields:
        Stretches that cover the audio from its first sample to its last, without gap or overlap.
    """
    detector.reset()
    cutter = Cutter(options or CutOptions())
    for block in blocks:
        yield from cutter.push(block, detector.push(block))
        if on_quiet is not None:
            on_quiet(cutter.quiet_s)
    yield from cutter.finish(detector.finish())
