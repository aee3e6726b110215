"""A document in words: for the inspector, tool tips and screen readers."""

from PySide6.QtCore import QObject

from app.window.wording import clock, percent
from engine.transcript import DecidedBy, Flag, NonSpeech, NonSpeechKind, Route, Segment


class Sentences(QObject):
    """Whole sentences, so that translators can turn them around."""

    def route(self, route: Route) -> str:
        """The word on the chip."""
        return self.tr("Robust") if route is Route.ROBUST else self.tr("Base")

    def pause(self, pause: NonSpeech) -> str:
        """A stretch that was not transcribed."""
        seconds = f"{pause.end_s - pause.start_s:.1f}"
        if pause.kind is NonSpeechKind.SILENCE:
            return self.tr("Silence, {seconds} s").format(seconds=seconds)
        return self.tr("Noise without speech, {seconds} s").format(seconds=seconds)

    def row(self, row: Segment | NonSpeech, pending: Route | None) -> str:
        """A row, read aloud."""
        begin, end = clock(row.start_s), clock(row.end_s)
        if isinstance(row, NonSpeech):
            text = self.tr("{begin} to {end}: {what}")
            return text.format(begin=begin, end=end, what=self.pause(row))
        if pending is not None:
            text = self.tr("{begin} to {end}, waits for {route}: {text}")
            return text.format(begin=begin, end=end, route=self.route(pending), text=row.text)
        text = self.tr("{begin} to {end}, {route}, {degraded} degraded{suspect}: {text}")
        if row.degraded_probability is None:
            text = self.tr("{begin} to {end}, {route}{suspect}: {text}")
        return text.format(
            begin=begin,
            end=end,
            route=self.route(row.route),
            degraded=percent(row.degraded_probability or 0.0),
            suspect=self.tr(", suspect") if row.flags else "",
            text=row.text,
        )

    def why(self, segment: Segment, threshold: float, pending: Route | None) -> str:
        """Why a segment took its route."""
        values = {
            "route": self.route(segment.route),
            "other": self.route(segment.route.other),
            "degraded": percent(segment.degraded_probability or 0.0),
            "threshold": percent(threshold),
        }
        if pending is not None:
            return self.tr(
                "The router gives {degraded} for degraded sound; with the threshold at "
                "{threshold} this belongs to {other}, which has not heard it yet."
            ).format(**values)
        match segment.decided_by:
            case DecidedBy.USER:
                text = self.tr("You chose {route}. The router gives {degraded} for degraded sound.")
            case DecidedBy.GUARD:
                text = self.tr(
                    "{other} read it suspiciously, so {route} heard it too and read it better. "
                    "The router gives {degraded} for degraded sound."
                )
            case DecidedBy.DEFAULT:
                text = self.tr("{route}, because this model has no other route.")
            case _ if segment.route is Route.ROBUST:
                text = self.tr(
                    "The router gives {degraded} for degraded sound, at or above the threshold "
                    "of {threshold}: Robust."
                )
            case _:
                text = self.tr(
                    "The router gives {degraded} for degraded sound, below the threshold "
                    "of {threshold}: Base."
                )
        return text.format(**values)

    def suspicion(self, segment: Segment) -> str:
        """What the guard found, or nothing."""
        found = {
            Flag.REPETITION: self.tr("it repeats itself"),
            Flag.NO_SPEECH: self.tr("there is hardly any speech in the sound"),
            Flag.SPEAKING_RATE: self.tr("nobody speaks at such a rate"),
            Flag.TRUNCATED: self.tr("it breaks off"),
            Flag.CONTEXT_LEAK: self.tr("it quotes the hot words"),
        }
        reasons = "; ".join(found[flag] for flag in segment.flags)
        return self.tr("Suspect: {reasons}.").format(reasons=reasons) if reasons else ""

    def other_reading(self, segment: Segment) -> str:
        """What the other route heard, or nothing."""
        other = segment.decoding(segment.route.other)
        if other is None:
            return ""
        text = self.tr("{route} heard: {text}")
        return text.format(route=self.route(other.route), text=other.text or self.tr("(nothing)"))

    def heard_reading(self, segment: Segment) -> str:
        """What the shown route heard before the person wrote over it, or nothing."""
        shown = segment.decoding(segment.route)
        if not segment.edited or shown is None:
            return ""
        text = self.tr("You wrote this; {route} heard: {text}")
        return text.format(route=self.route(shown.route), text=shown.text or self.tr("(nothing)"))
