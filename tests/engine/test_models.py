"""Models on disk: found, verified, imported whole or not at all."""

import os
import shutil
from pathlib import Path

import pytest

from engine.checkpoint import locate
from engine.errors import LayoutError, MissingModelError, ModelError
from engine.models import catalogue, find, import_folder, models_dir, verify, write_sums


@pytest.fixture
def folder(mini: Path, tmp_path: Path) -> Path:
    """A private copy of the shipped model."""
    return Path(shutil.copytree(mini, tmp_path / "mine"))


def test_the_shipped_model_is_found_by_name_and_by_folder(mini: Path) -> None:
    assert find("mini") == mini
    assert find(mini) == mini
    shipped = next(entry for entry in catalogue() if entry.name == "mini")
    assert shipped.shipped
    assert shipped.path == mini
    assert 0 < shipped.size_bytes <= 40e6


def test_a_published_model_that_is_not_here_is_listed_without_a_path() -> None:
    published = next(entry for entry in catalogue() if entry.name == "mega-asr")
    assert published.path is None
    assert "import" in published.description


def test_an_unknown_model_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(MissingModelError, match="mini"):
        find("maxi")


def test_the_shipped_model_is_what_it_was() -> None:
    files = verify("mini")
    assert {"card.md", "base/model.safetensors"} <= {f.path.as_posix() for f in files}
    assert all(file.ok for file in files)


def test_damage_loss_and_additions_are_seen(folder: Path) -> None:
    write_sums(folder)
    with (folder / "card.md").open("a") as card:
        card.write("!")
    (folder / "router" / "notes.txt").write_text("new")
    (folder / "base" / "config.json").unlink()
    found = {file.path.as_posix(): file.ok for file in verify(folder)}
    assert found["card.md"] is False
    assert found["base/config.json"] is False
    assert found["router/notes.txt"] is None
    assert found["base/model.safetensors"] is True


def test_an_import_copies_the_weights_and_leaves_pickles_behind(folder: Path) -> None:
    (folder / "router" / "best_acc_model.pt").write_bytes(b"\x80\x04.")
    copied: list[tuple[int, int]] = []
    imported = import_folder(folder, "kitchen", on_progress=lambda *p: copied.append(p))
    assert imported == models_dir() / "kitchen" == find("kitchen")
    assert not (imported / "router" / "best_acc_model.pt").exists()
    assert all(file.ok for file in verify("kitchen"))
    assert copied[-1][0] == copied[-1][1] > 0
    assert "kitchen" in [entry.name for entry in catalogue()]
    assert (folder / "router" / "best_acc_model.pt").exists()


@pytest.mark.parametrize("name", ["mini", "../mini", ".hidden"])
def test_a_taken_or_strange_name_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(ModelError):
        import_folder(folder, name)
    assert not models_dir().exists()


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_parts_behind_links_are_imported_too(repository: Path, tmp_path: Path) -> None:
    layout = repository / "tests" / "fixtures" / "mega-asr-layout"
    for part in ("Qwen3-ASR-1.7B", "mega-asr-merged", "audio_quality_router"):
        (tmp_path / part).symlink_to(layout / part)
    imported = import_folder(tmp_path, "linked")
    assert (imported / "Qwen3-ASR-1.7B" / "config.json").is_file()
    assert locate(imported).adapter == imported / "mega-asr-merged"


def test_an_empty_folder_is_no_model_that_could_be_verified(tmp_path: Path) -> None:
    with pytest.raises(MissingModelError, match="is empty"):
        verify(tmp_path)


def test_no_name_is_no_model() -> None:
    with pytest.raises(MissingModelError):
        find("")


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no weights here")
    with pytest.raises((LayoutError, MissingModelError)):
        import_folder(tmp_path, "notes")
    assert not models_dir().exists()
