"""Network file systems: recognized, and shared by no two processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gallery import backends, commands, network
from gallery.errors import StartRefused
from gallery.settings import Settings
from tests.cli import fill

MOUNTS = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw
40 27 0:40 / /net rw,relatime - autofs /etc/auto.net rw
41 40 0:41 / /net/nas rw,relatime shared:9 - nfs4 nas:/export rw,vers=4.2
42 41 254:1 / /net/nas/local rw - xfs /dev/vdb rw
43 27 0:43 / /mnt/my\040pictures rw - cifs //nas/my\040pictures rw
44 27 0:44 / /mnt/back\134slash rw - 9p host rw
45 27 0:45 / /mnt/remote rw - fuse.sshfs kim@nas:/ rw
46 27 0:46 / /mnt/pool rw - fuse.mergerfs a:b rw
47 27 0:47 / /mnt/usb rw - fuseblk /dev/sdb1 rw
48 27 254:2 / /mnt/twice rw - ext4 /dev/vdc rw
49 27 0:49 / /mnt/twice rw - nfs nas:/other rw
50 27 0:50 / /mnt/unknown rw - fuse what rw
a line that is none
51 27 0:51 /
"""
Mounted = Callable[[str], None]


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mounted:
    """Makes the kernel say that these are the mounts."""

    def say(text: str) -> None:
        table = tmp_path / "mountinfo"
        table.write_text(text)
        monkeypatch.setattr(network, "MOUNTS", str(table))

    return say


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", ""),
        ("/srv/gallery/outputs", ""),
        ("/net/nas", "nfs4"),
        ("/net/nas/gallery/manifests", "nfs4"),
        ("/net/nas/local/manifests", ""),
        ("/net/nasty", ""),
        ("/mnt/my pictures/outputs", "cifs"),
        ("/mnt/my", ""),
        ("/mnt/back\\slash/outputs", "9p"),
        ("/mnt/remote/outputs", "fuse.sshfs"),
        ("/mnt/pool/outputs", ""),
        ("/mnt/usb/outputs", ""),
        ("/mnt/twice/outputs", "nfs"),
        ("/mnt/unknown/outputs", "fuse"),
    ],
)
def test_the_innermost_mount_says_what_a_folder_lies_on(
    mounted: Mounted, path: str, kind: str
) -> None:
    mounted(MOUNTS)
    assert network.shared(path) == kind


def test_a_link_is_followed_to_where_it_leads(mounted: Mounted, tmp_path: Path) -> None:
    mounted(f"1 0 0:1 / / rw - ext4 a rw\n2 1 0:2 / {tmp_path}/nas rw - nfs b rw\n")
    (tmp_path / "nas").mkdir()
    (tmp_path / "outputs").symlink_to(tmp_path / "nas")
    assert network.shared(str(tmp_path / "outputs")) == "nfs"
    assert network.shared(str(tmp_path)) == ""


def test_what_cannot_be_told_is_local(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(network, "MOUNTS", str(tmp_path / "absent"))
    assert network.shared("/") == ""


def test_this_machine_says_what_its_own_folders_lie_on() -> None:
    assert network.kind_of("/proc/self") == "proc"


# -- one process, and no second ---------------------------------------------------------------


def settings_for(root: Path) -> Settings:
    values: dict[str, Any] = {"outputs": root / "outputs", "manifests": root / "manifests"}
    return Settings(**values)


@pytest.fixture(params=["outputs", "outputs/users", "manifests", "manifests/feed"])
def settings(request: pytest.FixtureRequest, mounted: Mounted, tmp_path: Path) -> Settings:
    """A library of which one folder lies on a network file system."""
    fill(tmp_path)
    mounted(f"1 0 0:1 / / rw - ext4 a rw\n2 1 0:2 / {tmp_path / request.param} rw - nfs4 b rw\n")
    return settings_for(tmp_path)


def test_a_second_process_is_refused_until_the_first_has_ended(settings: Settings) -> None:
    with commands.opened(settings) as library:
        for _ in range(2):
            with (
                pytest.raises(StartRefused, match=r"lies on nfs4.* another process"),
                commands.opened(settings),
            ):
                pass
        assert len(library.catalog.owners()) == 2
    with commands.opened(settings) as library:
        assert len(library.catalog.owners()) == 2


def test_several_workers_are_refused(settings: Settings) -> None:
    several = settings.model_copy(update={"workers": 2})
    with pytest.raises(StartRefused, match=r"GALLERY_WORKERS: .* lies on nfs4"):
        backends.stores(several)


def test_a_rebuild_keeps_to_one_process(settings: Settings) -> None:
    owners = commands.owners(settings)
    assert commands.rebuild(settings, owners, 4, lambda: None) == 4


def test_on_local_disks_processes_share(tmp_path: Path) -> None:
    fill(tmp_path)
    settings = settings_for(tmp_path)
    with commands.opened(settings), commands.opened(settings) as second:
        assert len(second.catalog.owners()) == 2
