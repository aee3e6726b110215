"""System libraries and programs that pip cannot bring, and how to install them.

On macOS and Windows the wheels bring everything; on Linux a desktop usually has most of it.
Standard library only, and readable by Python 3.8: `app.bootstrap` starts with it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Requirement(NamedTuple):
    """Something of the system that is needed.

    Attributes:
        package: name in Debian and Ubuntu.
        probe: what must be there: a library by its soname, a program, or files by a pattern.
        purpose: what does not work without it: "window", "sound" or "tests".
    """

    package: str
    probe: str
    purpose: str


REQUIREMENTS = (
    Requirement("libgl1", "libGL.so.1", "window"),
    Requirement("libegl1", "libEGL.so.1", "window"),
    Requirement("libglib2.0-0", "libglib-2.0.so.0", "window"),
    Requirement("libfontconfig1", "libfontconfig.so.1", "window"),
    Requirement("libdbus-1-3", "libdbus-1.so.3", "window"),
    Requirement("libxkbcommon0", "libxkbcommon.so.0", "window"),
    Requirement("libxkbcommon-x11-0", "libxkbcommon-x11.so.0", "window"),
    Requirement("libxcb-cursor0", "libxcb-cursor.so.0", "window"),
    Requirement("libxcb-icccm4", "libxcb-icccm.so.4", "window"),
    Requirement("libxcb-image0", "libxcb-image.so.0", "window"),
    Requirement("libxcb-keysyms1", "libxcb-keysyms.so.1", "window"),
    Requirement("libxcb-render-util0", "libxcb-render-util.so.0", "window"),
    Requirement("libxcb-shape0", "libxcb-shape.so.0", "window"),
    Requirement("libxcb-xkb1", "libxcb-xkb.so.1", "window"),
    Requirement("libportaudio2", "libportaudio.so.2", "sound"),
    Requirement("xvfb", "Xvfb", "tests"),
    Requirement("xauth", "xauth", "tests"),
    Requirement("pulseaudio", "pulseaudio", "tests"),
    Requirement("pulseaudio-utils", "paplay", "tests"),
    Requirement(
        "libasound2-plugins", "usr/lib*/**/alsa-lib/libasound_module_pcm_pulse.so", "tests"
    ),
)


def missing(
    purposes: Iterable[str], requirements: Sequence[Requirement] = REQUIREMENTS
) -> list[Requirement]:
    """What is needed for ``purposes`` and is not here."""
    wanted = set(purposes)
    if not sys.platform.startswith("linux"):
        return []
    return [r for r in requirements if r.purpose in wanted and not is_present(r)]


def is_present(requirement: Requirement) -> bool:
    """Looks the way the program will: the loader for libraries, PATH for programs."""
    probe = requirement.probe
    if "/" in probe:
        return any(Path("/").glob(probe))
    if ".so." not in probe:
        return shutil.which(probe) is not None
    try:
        ctypes.CDLL(probe)
    except OSError:
        return False
    return True


def window_obstacle(environment: Mapping[str, str], lacking: Sequence[Requirement]) -> str:
    """Why no window can open on Linux, and what to do; "" when one can.

    Asked before Qt is: Qt ends the process, and says something else.

    Args:
        environment: variables of the process.
        lacking: what is missing of what a window needs.
    """
    elsewhere = environment.get("QT_QPA_PLATFORM") or environment.get("WAYLAND_DISPLAY")
    if not elsewhere and not environment.get("DISPLAY"):
        return (
            "There is no display: DISPLAY is not set.\n"
            "Start it from a desktop; the commands need none (wildscribe --help)."
        )
    if elsewhere:
        lacking = [r for r in lacking if not r.probe.startswith(("libxcb", "libxkbcommon-x11"))]
    if lacking:
        names = ", ".join(r.package for r in lacking)
        return f"System packages are missing: {names}.\nTo mend: {install_command(lacking)}"
    return ""


def install_command(requirements: Sequence[Requirement]) -> str:
    """The command that installs them; where the packages' names are unknown, a description."""
    if shutil.which("apt-get") is None:
        names = ", ".join(Path(r.probe).name for r in requirements)
        return "install with your system's package manager what provides: " + names
    sudo = "" if is_root() else "sudo "
    packages = " ".join(r.package for r in requirements)
    return sudo + "apt-get install --no-install-recommends -y " + packages


def is_root() -> bool:
    """Whether packages can be installed without asking anybody."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
