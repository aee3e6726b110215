"""The fixture that watches every test catches what it says it catches."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

LEAKS = {
    "thread": """
        import threading
        stop = threading.Event()
        def test_leak():
            threading.Thread(target=stop.wait, daemon=True, name="forgotten").start()
    """,
    "child process": """
        import subprocess, sys
        def test_leak(request):
            code = "import sys; sys.stdin.read()"
            child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
            request.session.stash["child"] = child
    """,
    "QTimer": """
        from PySide6.QtCore import QTimer
        kept = []
        def test_leak(qapp):
            timer = QTimer()
            timer.start(60_000)
            kept.append(timer)
    """,
}


@pytest.mark.parametrize("kind", LEAKS)
def test_a_leak_fails_the_test(kind: str, pytester: pytest.Pytester, repository: Path) -> None:
    pytester.makeconftest((repository / "tests" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(LEAKS[kind])
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"*left running: *{kind}*"])


def test_a_test_that_tidies_up_passes(pytester: pytest.Pytester, repository: Path) -> None:
    pytester.makeconftest((repository / "tests" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(
        """
        import subprocess, sys, threading
        def test_tidy():
            thread = threading.Thread(target=int)
            thread.start()
            subprocess.run([sys.executable, "-c", ""], check=True)
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
