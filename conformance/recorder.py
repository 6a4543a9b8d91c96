# SPDX-License-Identifier: MIT
"""The recording proxy and the replay server under the import path that programs outside this project use."""

from conformance.recording.recorder import Recorder, Replay, read_recordings

__all__ = ["Recorder", "Replay", "read_recordings"]
