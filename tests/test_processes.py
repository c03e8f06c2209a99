"""What server processes say of themselves to each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery import processes
from gallery.errors import GalleryError
from gallery.processes import Presence


def test_a_process_that_could_not_say_anything_at_first_says_it_later(tmp_path: Path) -> None:
    (tmp_path / ".gallery").mkdir()
    presence = Presence(str(tmp_path), "1-one")
    in_the_way = tmp_path / ".gallery" / "processes" / "1-one"
    in_the_way.mkdir(parents=True)
    for _ in range(2):
        with pytest.raises(GalleryError):
            presence.say(ready=["files"])
    in_the_way.rmdir()
    presence.say(ready=["files"])
    assert [said["ready"] for said in processes.living(str(tmp_path))] == [["files"]]
    presence.close()
    assert list(in_the_way.parent.iterdir()) == []
