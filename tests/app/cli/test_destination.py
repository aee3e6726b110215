"""Where transcripts go, and the three things that must never happen to a file."""

from pathlib import Path

import pytest

from app.cli.destination import Destination, expanded, make_folders, plan
from engine.errors import StorageError, UsageError

TALK = Path("talk.wav")
CALL = Path("call.mp3")


def test_text_goes_to_standard_output() -> None:
    assert plan([TALK]) == plan([TALK], "-") == [Destination(None, "txt")]
    assert plan([TALK], format_name="json") == [Destination(None, "json")]


def test_the_suffix_gives_the_format_and_an_option_overrules_it() -> None:
    assert plan([TALK], "out.srt") == [Destination(Path("out.srt"), "srt")]
    assert plan([TALK], "out.SRT") == [Destination(Path("out.SRT"), "srt")]
    assert plan([TALK], "out.subtitles", "srt") == [Destination(Path("out.subtitles"), "srt")]


def test_several_files_go_into_a_folder(tmp_path: Path) -> None:
    assert plan([TALK, CALL], str(tmp_path / "new"), "vtt") == [
        Destination(tmp_path / "new" / "talk.vtt", "vtt"),
        Destination(tmp_path / "new" / "call.vtt", "vtt"),
    ]


def test_one_file_goes_into_a_folder_that_is_there_or_ends_with_a_slash(tmp_path: Path) -> None:
    assert plan([TALK], str(tmp_path)) == [Destination(tmp_path / "talk.txt", "txt")]
    assert plan([TALK], f"{tmp_path}/new/") == [Destination(tmp_path / "new" / "talk.txt", "txt")]


@pytest.mark.parametrize(
    ("files", "output", "format_name", "complaint"),
    [
        ([TALK], "out.docx", None, "does not end in a known format"),
        ([TALK], None, "docx", "no format docx"),
        ([TALK, CALL], None, "json", "cannot follow each other"),
        ([Path("a/talk.wav"), Path("b/talk.mp3")], "out", None, "both be written to"),
        ([Path("a/talk.wav"), Path("b/Talk.mp3")], "out", None, "both be written to"),
        ([TALK], "talk.wav", "txt", "is a recording"),
        ([Path("notes.txt")], "notes.txt", None, "is a recording"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(
    files: list[Path], output: str | None, format_name: str | None, complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        plan(files, output, format_name)


def test_a_recording_is_not_overwritten_through_a_link_or_another_recordings_name(
    tmp_path: Path,
) -> None:
    recording = tmp_path / "talk.wav"
    recording.write_bytes(b"sound")
    link = tmp_path / "talk.txt"
    link.symlink_to(recording)
    with pytest.raises(UsageError, match="is a recording"):
        plan([recording], str(link))
    with pytest.raises(UsageError, match="is a recording"):
        plan([tmp_path / "x.mp3", tmp_path / "x.txt"], str(tmp_path), "txt")


def test_several_files_and_one_file_as_output(tmp_path: Path) -> None:
    taken = tmp_path / "out.txt"
    taken.write_text("mine")
    with pytest.raises(UsageError, match="is a file, but there are 2 recordings"):
        plan([TALK, CALL], str(taken))


def test_folders_are_made_and_the_impossible_is_told(tmp_path: Path) -> None:
    make_folders([Destination(tmp_path / "a" / "b" / "talk.txt", "txt"), Destination(None, "txt")])
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be made"):
        make_folders([Destination(tmp_path / "file" / "talk.txt", "txt")])


def test_patterns_that_the_shell_left_alone_become_files(tmp_path: Path) -> None:
    named = [tmp_path / name for name in ("a.wav", "b.wav", "[c].wav", "d.mp3")]
    for path in named:
        path.touch()
    a, b, c, d = named
    assert expanded([d, tmp_path / "?.wav", c], shell_expands=False) == [d, a, b, c]
    assert expanded([tmp_path / "*.ogg"], shell_expands=False) == [tmp_path / "*.ogg"]
    assert expanded([tmp_path / "*.wav"], shell_expands=True) == [tmp_path / "*.wav"]
