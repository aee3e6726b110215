"""Numbers as they are spoken in Chinese: independent of the parser."""


def spoken(number: int) -> str:
    """A number below 10**12 in full, with one zero for every gap."""
    if number == 0:
        return "零"
    groups = [number // 10**8, number // 10**4 % 10**4, number % 10**4]
    text = ""
    for group, unit in zip(groups, ("亿", "万", ""), strict=True):
        if group:
            text += ("零" if text and group < 1000 else "") + _four(group) + unit
    return text


def decimal(whole: str, places: str, point: str = ".") -> str:
    """The two parts, with a point where there is a second one."""
    return f"{whole}{point}{places}" if places else whole


def _four(group: int) -> str:
    text, gap = "", False
    for place, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = group // place % 10
        if digit:
            text += ("零" if gap and text else "") + "零一二三四五六七八九"[digit] + unit
        gap = digit == 0
    return text
