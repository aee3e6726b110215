"""The languages Qwen3-ASR was trained to name, by ISO code and by English name."""

from engine.errors import UsageError

LANGUAGES = {
    "ar": "Arabic",
    "yue": "Cantonese",
    "zh": "Chinese",
    "cs": "Czech",
    "da": "Danish",
    "nl": "Dutch",
    "en": "English",
    "fil": "Filipino",
    "fi": "Finnish",
    "fr": "French",
    "de": "German",
    "el": "Greek",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "mk": "Macedonian",
    "ms": "Malay",
    "fa": "Persian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "es": "Spanish",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "vi": "Vietnamese",
}
"""ISO 639 code -> the English name that the model writes after ``language``."""

UNSPACED = frozenset({"Cantonese", "Chinese", "Japanese", "Thai"})
"""Written without spaces between words: counted in characters."""


def resolve(language: str | None) -> str | None:
    """The English name for a code or a name in any case ("en", "English", "english").

    Raises:
        UsageError: Qwen3-ASR does not know the language.
    """
    if language is None or not language.strip() or language.strip().lower() == "auto":
        return None
    wanted = language.strip().lower()
    for code, name in LANGUAGES.items():
        if wanted in (code, name.lower()):
            return name
    raise UsageError(
        f"There is no language '{language}'.",
        "Nothing was transcribed yet.",
        f"Use one of: {', '.join(LANGUAGES)}; or leave it out to have it detected.",
    )
