"""British spellings as American ones, word by word."""

import json
from importlib.resources import files

_MENDED = {
    # Slips of Whisper's table: a scrap of HTML, forms of the wrong verb or number.
    "archaeology": "archeology",
    "pummelled": "pummeled",
    "pummelling": "pummeling",
    "snowploughs": "snowplows",
    # Words that it has in other forms only.
    "acknowledgement": "acknowledgment",
    "acknowledgements": "acknowledgments",
    "analyser": "analyzer",
    "analysers": "analyzers",
    "civilisation": "civilization",
    "civilisations": "civilizations",
    "flier": "flyer",
    "fliers": "flyers",
    "okay": "ok",
    "skilful": "skillful",
    "skilfully": "skillfully",
}
_ANOTHER_WORD = ("philtre", "philtres")
"""A love potion is no filter."""


def whisper_spellings() -> dict[str, str]:
    """Whisper's own table, ``normalizers/english.json``: 1,739 words, its slips too.

    It comes with the package whisper-normalizer (MIT), byte for byte as in openai-whisper 20250625.
    The package's own rules are not used: they go beyond Whisper's.
    """
    table = files("whisper_normalizer") / "normalizers" / "english.json"
    spellings: dict[str, str] = json.loads(table.read_text(encoding="utf-8"))
    return spellings


def mended_spellings() -> dict[str, str]:
    """Whisper's table without its slips, and with a few words that it lacks."""
    spellings = whisper_spellings() | _MENDED
    return {word: new for word, new in spellings.items() if word not in _ANOTHER_WORD}
