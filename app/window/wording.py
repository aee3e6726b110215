"""Numbers as people read them."""


def clock(seconds: float) -> str:
    """m:ss, or h:mm:ss from one hour on; rounded down."""
    minutes, whole = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{whole:02d}" if hours else f"{minutes}:{whole:02d}"


def percent(share: float) -> str:
    """0.874 -> "87 %", with a space that does not break."""
    return f"{round(100 * share)}\N{NO-BREAK SPACE}%"
