"""The library of adapters from the command line, in an empty home."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli import run
from app.cli.chosen import library
from engine.checkpoint import locate
from engine.checkpoint.fingerprint import base_sha256
from training.adapters import Lineage
from training.adapters.fingerprint import adapter_sha256
from training.adapters.lineage import write_lineage

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def tiny(repository: Path) -> Path:
    return repository / "tests" / "fixtures" / "mega-asr-layout"


@pytest.fixture
def clinic(tiny: Path, capsys: Captured) -> str:
    """An adapter in the library, not in use."""
    folder, model = tiny / "mega-asr-merged", str(tiny)
    code = run(["adapters", "add", "clinic", str(folder), "--model", model, "--licence", "MIT"])
    shown = capsys.readouterr()
    assert code == 0, shown.err
    return shown.out.strip()


def _verdict(
    folder: Path, model: Path, adapter: Path, promoted: bool, current: Path | None = None
) -> Path:
    """A report as `wildscribe evaluate` writes it, on adapters without any router."""
    folder.mkdir()
    words = "Better." if promoted else "The new adapter is worse; it is not promoted."
    measured = {"new": adapter} | ({} if current is None else {"current": current})
    content = {
        "format_version": 2,
        "base_sha256": base_sha256(locate(model)),
        "routed": False,
        "verdict": {"promoted": promoted, "headline": words, "reasons": ["30 % to 40 %."]},
        "measured": {
            role: {
                "adapter_sha256": adapter_sha256(found),
                "router_sha256": None,
                "own_router": False,
                "threshold": 0.5,
            }
            for role, found in measured.items()
        },
    }
    (folder / "report.json").write_text(json.dumps(content))
    return folder


def _other(adapter: Path, folder: Path, dropout: str = "0.06") -> Path:
    """An adapter with the same weights and another hash."""
    shutil.copytree(adapter, folder)
    settings = folder / "adapter_config.json"
    settings.write_text(settings.read_text().replace("0.05", dropout))
    return folder


@pytest.mark.parametrize(
    "command", ["", "list", "show", "add", "export", "import", "promote", "rollback", "merge"]
)
def test_every_command_explains_itself(command: str, capsys: Captured) -> None:
    assert run(["adapters", *command.split(), "-h"]) == 0
    assert f"Usage: wildscribe adapters {command}".rstrip() in capsys.readouterr().out


def test_an_empty_library(capsys: Captured) -> None:
    assert run(["adapters", "list"]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "no adapters yet" in shown.err
    assert run(["adapters", "show", "clinic"]) == 4


def test_list_and_show(clinic: str, capsys: Captured) -> None:
    assert clinic == "clinic@1"
    assert run(["adapters", "list"]) == 0
    row = capsys.readouterr().out.splitlines()[1].split()
    assert row[:2] == ["clinic@1", "mega-asr-layout"]
    assert row[-1] == "MIT"
    assert run(["adapters", "list", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["reference"], entry["in_use"]) == ("clinic@1", False)
    assert run(["adapters", "show", "clinic@1"]) == 0
    assert "licence: MIT" in capsys.readouterr().out
    assert run(["adapters", "show", "clinic"]) == 4
    assert "no version of 'clinic' is in use" in capsys.readouterr().err


def test_an_adapter_of_another_base_is_not_taken_for_this_one(
    clinic: str, own_home: Path, capsys: Captured
) -> None:
    out = own_home / "merged"
    assert run(["adapters", "merge", "clinic@1", str(out), "--model", "mini"]) == 4
    assert "made for another base model" in capsys.readouterr().err
    assert not out.exists()


def test_export_and_import(clinic: str, tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "clinic.wildscribe-adapter"
    assert run(["adapters", "export", "clinic@1", str(path)]) == 0
    digest = capsys.readouterr().out.split()[0]
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert run(["adapters", "import", str(path)]) == 4
    assert "already, as clinic@1" in capsys.readouterr().err
    assert run(["adapters", "import", str(path), "--name", "ward"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "ward@1\n"
    assert "licence: MIT" in shown.err
    path.write_bytes(path.read_bytes()[:-100])
    assert run(["adapters", "import", str(path), "--name", "other"]) == 4
    assert "Nothing was imported" in capsys.readouterr().err


def test_promotion_needs_a_verdict(clinic: str, tiny: Path, tmp_path: Path, capsys) -> None:
    assert run(["adapters", "promote", "clinic@1"]) == 2
    assert "--report" in capsys.readouterr().err
    report = _verdict(tmp_path / "against", tiny, tiny / "mega-asr-merged", promoted=False)
    assert run(["adapters", "promote", "clinic@1", "--report", str(report)]) == 4
    refused = capsys.readouterr().err
    assert "The new adapter is worse; it is not promoted. 30 % to 40 %." in refused
    assert run(["adapters", "show", "clinic"]) == 4
    report = _verdict(tmp_path / "for", tiny, tiny / "mega-asr-merged", promoted=True)
    assert run(["adapters", "promote", "clinic@1", "--report", str(report)]) == 0
    capsys.readouterr()
    assert run(["adapters", "promote", "clinic@1", "--report", str(report)]) == 0
    assert capsys.readouterr().out == "clinic means clinic@1 already.\n"
    assert run(["adapters", "rollback", "clinic"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "No version of clinic is in use."
    assert run(["adapters", "rollback", "clinic"]) == 4


def test_a_person_may_insist_in_plain_words(
    clinic: str, tiny: Path, tmp_path: Path, capsys
) -> None:
    report = _verdict(tmp_path / "against", tiny, tiny / "mega-asr-merged", promoted=False)
    arguments = ["adapters", "promote", "clinic@1", "--report", str(report), "--even-so"]
    assert run(arguments) == 0
    assert "You insist against this verdict: The new adapter is worse" in capsys.readouterr().err
    assert run(["adapters", "show", "clinic"]) == 0
    assert "(insisted)" in capsys.readouterr().out


def test_a_report_about_another_adapter_says_nothing(
    clinic: str, tiny: Path, mini: Path, tmp_path: Path, capsys: Captured
) -> None:
    report = _verdict(tmp_path / "report", tiny, mini / "adapters" / "robust", promoted=True)
    arguments = ["adapters", "promote", "clinic@1", "--report", str(report), "--even-so"]
    assert run(arguments) == 4
    assert "another adapter" in capsys.readouterr().err


def test_a_report_that_never_met_the_version_in_use_does_not_replace_it(
    clinic: str, tiny: Path, tmp_path: Path, capsys: Captured
) -> None:
    first, second = tiny / "mega-asr-merged", _other(tiny / "mega-asr-merged", tmp_path / "second")
    assert run(["adapters", "add", "clinic", str(second), "--model", str(tiny)]) == 0
    assert run(["adapters", "promote", "clinic@1", "--even-so"]) == 0
    promote = ["adapters", "promote", "clinic@2", "--report"]
    report = _verdict(tmp_path / "alone", tiny, second, promoted=True)
    assert run([*promote, str(report)]) == 4
    refused = capsys.readouterr().err
    assert "clinic@1 is in use, and it was not compared with that" in refused
    assert "wildscribe evaluate --new clinic@2 --current clinic@1" in refused
    third = _other(first, tmp_path / "third", "0.07")
    report = _verdict(tmp_path / "another", tiny, second, promoted=True, current=third)
    assert run([*promote, str(report)]) == 4
    assert "the adapter in use is another adapter" in capsys.readouterr().err
    report = _verdict(tmp_path / "met", tiny, second, promoted=True, current=first)
    assert run([*promote, str(report)]) == 0
    assert "clinic now means clinic@2" in capsys.readouterr().out


def test_a_router_that_was_never_judged_is_not_put_to_use(
    tiny: Path, tmp_path: Path, capsys: Captured
) -> None:
    folder = _other(tiny / "mega-asr-merged", tmp_path / "own")
    shutil.copyfile(
        tiny / "audio_quality_router" / "best_acc_model.safetensors",
        folder / "router.safetensors",
    )
    assert run(["adapters", "add", "own", str(folder), "--model", str(tiny)]) == 0
    report = _verdict(tmp_path / "always", tiny, folder, promoted=True)
    assert run(["adapters", "promote", "own@1", "--report", str(report)]) == 4
    assert "judged always on, and a router would decide" in capsys.readouterr().err


def test_a_licence_that_is_said_counts(
    clinic: str, tiny: Path, tmp_path: Path, capsys: Captured
) -> None:
    """Also where the folder brings a lineage of its own."""
    folder = shutil.copytree(tiny / "mega-asr-merged", tmp_path / "given")
    given = Lineage("tiny", base_sha256(locate(tiny)), licence="MIT", seeds=(7,))
    write_lineage(given, folder)
    add = ["adapters", "add", "given", str(folder), "--model", str(tiny)]
    assert run([*add, "--licence", "CC-BY-4.0"]) == 0
    assert "Its licence was: MIT." in capsys.readouterr().err
    assert run(add) == 0
    licences = [entry.lineage.licence for entry in library().versions("given")]
    assert licences == ["CC-BY-4.0", "MIT"]
    assert library().find("given@1").lineage.seeds == (7,)


def test_nothing_of_a_lineage_does_anything_to_the_terminal(
    clinic: str, tiny: Path, tmp_path: Path, capsys: Captured
) -> None:
    folder = shutil.copytree(tiny / "mega-asr-merged", tmp_path / "given")
    write_lineage(Lineage("tiny", base_sha256(locate(tiny)), licence="MIT\x1b[2J"), folder)
    assert run(["adapters", "add", "given", str(folder), "--model", str(tiny)]) == 4
    assert "licence holds control characters" in capsys.readouterr().err
    # One that came in before anybody looked.
    entry = library().find(clinic)
    write_lineage(replace(entry.lineage, licence="MIT\x1b[2J", base="t\nclinic@9"), entry.path)
    for command in (["list"], ["show", clinic]):
        assert run(["adapters", *command]) == 0
        shown = capsys.readouterr().out
        assert "MIT\ufffd[2J" in shown
        assert "\x1b" not in shown
        assert "t clinic@9" in shown


def test_merge_says_what_rounding_took(clinic: str, tiny: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "merged"
    assert run(["adapters", "merge", "clinic@1", str(out), "--model", str(tiny)]) == 0
    shown = capsys.readouterr()
    assert "lost 0.0% of the change" in shown.err
    assert locate(out).layout == "original"
    assert run(["adapters", "merge", "clinic@1", str(out), "--model", str(tiny)]) == 4


def test_transcribe_takes_an_adapter_of_the_library(
    mini: Path, sample: Path, tmp_path: Path, capsys: Captured
) -> None:
    """One whose delta is zero: the robust route then writes what the base writes."""
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(mini / "adapters" / "robust", tmp_path / "nothing")
    tensors = load_file(folder / "adapter_model.safetensors")
    zeros = {name: t * 0 if "lora_B" in name else t for name, t in tensors.items()}
    save_file(zeros, folder / "adapter_model.safetensors")
    assert run(["adapters", "add", "nothing", str(folder)]) == 0
    clip = tmp_path / "clip.wav"
    _first_seconds(sample, clip)
    capsys.readouterr()
    texts = []
    for more in (["--route", "base"], ["--route", "robust", "--adapter", "nothing@1"]):
        assert run(["transcribe", str(clip), "--device", "cpu", *more]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    assert run(["transcribe", str(clip), "--adapter", "absent"]) == 4


def test_transcribe_and_route_take_the_adapters_router_and_threshold(
    mini: Path, sample: Path, tmp_path: Path, capsys: Captured
) -> None:
    """The same router with thresholds of its own: once always, once never robust."""
    clip = tmp_path / "clip.wav"
    _first_seconds(sample, clip)
    folder = shutil.copytree(mini / "adapters" / "robust", tmp_path / "own")
    shutil.copyfile(mini / "router" / "router.safetensors", folder / "router.safetensors")
    routes = []
    for threshold in (0.0, 1.0):
        (folder / "router.json").write_text(json.dumps({"threshold": threshold}))
        assert run(["adapters", "add", "own", str(folder)]) == 0
        reference = capsys.readouterr().out.strip()
        for adapter in (reference, str(folder)):
            for command in (
                ["transcribe", str(clip), "--format", "json", "--device", "cpu"],
                ["route", str(clip), "--json"],
            ):
                assert run([*command, "--adapter", adapter]) == 0
                transcript = json.loads(capsys.readouterr().out)
                assert transcript["threshold"] == threshold
                routes.append({segment["route"] for segment in transcript["segments"]})
    assert routes == [{"robust"}] * 4 + [{"base"}] * 4


def _first_seconds(source: Path, out: Path) -> None:
    import soundfile

    samples, rate = soundfile.read(source, frames=2 * 16_000)
    soundfile.write(out, samples, rate)
