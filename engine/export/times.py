"""How times are written."""


def clock(seconds: float) -> str:
    """h:mm:ss, whole seconds, rounded down: 3725.9 -> "1:02:05"."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def stamp(milliseconds: int, decimal: str) -> str:
    """hh:mm:ss and milliseconds behind ``decimal``: SRT has a comma there, WebVTT a point."""
    seconds, rest = divmod(milliseconds, 1000)
    minutes, hours = seconds // 60 % 60, seconds // 3600
    return f"{hours:02d}:{minutes:02d}:{seconds % 60:02d}{decimal}{rest:03d}"
