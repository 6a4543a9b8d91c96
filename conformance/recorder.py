# SPDX-License-Identifier: MIT
"""The recording proxy and the replay server, at a path that does not change.

Programs outside this project import from here.
"""

from conformance.recording.files import read_recordings
from conformance.recording.proxy import Recorder
from conformance.recording.replay import Replay

__all__ = ["Recorder", "Replay", "read_recordings"]
