# SPDX-License-Identifier: MIT
"""Tests of conformance/recording/files.py."""

import os
from pathlib import Path

import pytest

from conformance.recording.files import RecordingError, read_recordings
from refimpl.errors import UsageError
from tests.conformance.recording.exchanges import PLAIN, asked, call, recording_of
from tests.conformance.recording.exchanges import nothing_is_left as _nothing_is_left  # noqa: F401
from tests.rawserver import (
    RawServer,
)


def test_recordings_are_read_from_a_file_or_a_folder(tmp_path: Path) -> None:
    with RawServer([PLAIN]) as upstream, recording_of(upstream, tmp_path / "made" / "here") as made:
        asked(made, call("b"), until=len(PLAIN))
        asked(made, call("a"), until=len(PLAIN))
    folder = str(tmp_path / "made" / "here")
    assert [one["cases"][0]["id"] for one in read_recordings(folder)] == [
        "wire-a-verify",
        "wire-b-verify",
    ]
    assert [one["cases"][0]["id"] for one in read_recordings(os.path.join(folder, "b.json"))] == [
        "wire-b-verify"
    ]
    with pytest.raises(UsageError, match="no recordings"):
        read_recordings(str(tmp_path))
    (tmp_path / "bad.json").write_text('{"title": "x"}', encoding="utf-8")
    for path in (str(tmp_path), str(tmp_path / "bad.json"), str(tmp_path / "none.json")):
        with pytest.raises(RecordingError):
            read_recordings(path)
