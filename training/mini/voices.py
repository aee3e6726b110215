"""The synthetic speakers: who is trained on, and who is kept for testing only."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ESPEAK_ACCENTS = (
    "en-gb", "en-us", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-us-nyc", "en-029",
    "en-gb-x-gbcwmd",
)  # fmt: skip
ESPEAK_VARIANTS = (
    "f1", "f2", "f3", "f4", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "Andy", "Annie", "Denis",
    "Gene", "Hugo", "Jacky", "Lee", "Michael", "Mike", "adam", "belinda", "david", "edward",
    "grandma", "iven", "john", "linda", "max", "paul", "quincy", "rob", "robert", "steph",
    "travis", "victor", "zac", "klatt2", "klatt4", "Alex", "Alicia", "Diogo", "Gene2", "Henrique",
    "Marco", "Nguyen", "Storm", "anika", "antonio", "aunty", "benjamin", "boris", "caleb", "ed",
    "edward2", "grandpa", "gustave", "iven2", "iven3", "klatt", "klatt5", "marcelo", "michel",
    "miguel", "norbert", "pablo", "pedro", "sandro", "shelby", "steph2", "steph3",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Voice:
    """A speaker of an engine ("flite", "festival", "pico", "espeak"), by the name it has there."""

    engine: str
    speaker: str

    @property
    def name(self) -> str:
        return f"{self.engine}:{self.speaker}"


@dataclass(frozen=True, slots=True)
class Manner:
    """How one sentence is spoken.

    `duration_scale` stretches time, `pitch_scale` moves the pitch where the engine can, and
    `resampling` moves pitch, formants and tempo together, as a smaller or larger speaker would.
    """

    voice: Voice
    duration_scale: float
    pitch_scale: float
    resampling: float


# Shares of the training set; the rest goes to espeak, drawn from accents times variants.
TRAINED_SHARES = {
    Voice("flite", "slt"): 0.12,
    Voice("flite", "awb"): 0.13,
    Voice("flite", "kal16"): 0.08,
    Voice("festival", "ked_diphone"): 0.07,
    Voice("festival", "kal_diphone"): 0.03,
    Voice("festival", "cmu_us_slt_arctic_hts"): 0.05,
    Voice("pico", "en-US"): 0.09,
    Voice("pico", "en-GB"): 0.09,
}
# Shares of the sentences added for the voices that mini understands least.
PRACTISED_SHARES = {
    Voice("flite", "slt"): 0.14,
    Voice("flite", "awb"): 0.10,
    Voice("flite", "kal16"): 0.08,
    Voice("festival", "ked_diphone"): 0.08,
    Voice("festival", "kal_diphone"): 0.08,
    Voice("festival", "cmu_us_slt_arctic_hts"): 0.09,
    Voice("pico", "en-US"): 0.12,
    Voice("pico", "en-GB"): 0.12,
}
PRACTISED_ACCENTS = (*ESPEAK_ACCENTS, "en-029", "en-029", "en-029", "en-029")
# Never trained on: a whole flite speaker, and five espeak variants.
HELD_OUT = (
    Voice("flite", "rms"),
    Voice("espeak", "en-029+m8"),
    Voice("espeak", "en-gb-x-gbcwmd+f5"),
    Voice("espeak", "en-029+Andrea"),
    Voice("espeak", "en-gb-x-gbcwmd+Mario"),
    Voice("espeak", "en-gb-x-gbcwmd+klatt3"),
)


def _drawn(shares: Mapping[Voice, float], accents: Sequence[str], rng: random.Random) -> Voice:
    draw = rng.random()
    for voice, share in shares.items():
        draw -= share
        if draw < 0:
            return voice
    return Voice("espeak", f"{rng.choice(accents)}+{rng.choice(ESPEAK_VARIANTS)}")


def trained_voice(rng: random.Random) -> Voice:
    """A voice of the training set, drawn by share."""
    return _drawn(TRAINED_SHARES, ESPEAK_ACCENTS, rng)


def practised_voice(rng: random.Random) -> Voice:
    """One of the same voices, those that are hard to understand more often."""
    return _drawn(PRACTISED_SHARES, PRACTISED_ACCENTS, rng)


def manner(voice: Voice, rng: random.Random) -> Manner:
    """Tempo, pitch and size of the speaker for one sentence."""
    return Manner(
        voice,
        duration_scale=rng.uniform(0.88, 1.15),
        pitch_scale=rng.uniform(0.8, 1.25),
        resampling=rng.uniform(0.87, 1.15),
    )
