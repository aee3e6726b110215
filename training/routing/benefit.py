"""Does the adapter help, and by how much? By what is said of the clips, as plain data."""

from collections.abc import Iterable
from dataclasses import dataclass

from training.routing.examples import RoutingExample

NAMES = {False: "clean", True: "degraded", None: "not known"}


@dataclass(frozen=True, slots=True)
class Benefit:
    """Clips of one class, heard on both routes.

    Attributes:
        name: "clean", "degraded" or "not known".
        clips: how many.
        better: of them, on which the adapter makes fewer edits than the base.
        worse: and more.
        saved_edits: edits that it saves on all of them; negative where it costs some.
        tokens: words or characters that were said.
    """

    name: str
    clips: int
    better: int
    worse: int
    saved_edits: int
    tokens: int

    @property
    def saved_points(self) -> float:
        """Error rate of the base less that of the adapter, in points."""
        return 100 * self.saved_edits / max(1, self.tokens)


def benefits(examples: Iterable[RoutingExample]) -> list[Benefit]:
    """A row for each class that occurs among the clips that both routes have heard."""
    heard = [
        (example.degraded, example.saved_edits, example.base.reference_length)
        for example in examples
        if example.base is not None and example.saved_edits is not None
    ]
    rows = []
    for degraded, name in NAMES.items():
        saved = [edits for known, edits, _ in heard if known is degraded]
        if saved:
            rows.append(
                Benefit(
                    name=name,
                    clips=len(saved),
                    better=sum(edits > 0 for edits in saved),
                    worse=sum(edits < 0 for edits in saved),
                    saved_edits=sum(saved),
                    tokens=sum(tokens for known, _, tokens in heard if known is degraded),
                )
            )
    return rows
