"""The grammar of keys: what is one, what it says, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery import keys
from gallery.errors import BadRequest
from gallery.keys import Folder, Kind, parse
from gallery.records import to_us
from tests.samples import OWNER, ident

ONE = ident(1)
MEMBER = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True)
OWNERS = st.one_of(
    MEMBER.filter(lambda name: not name.startswith("anon-")),
    st.from_regex(r"anon-[0-9a-f]{32}", fullmatch=True),
)
FOLDERS = st.builds(Folder, OWNERS, st.sampled_from(keys.KINDS), st.dates())
IDS = st.from_regex(r"[0-9a-f]{32}", fullmatch=True)


@given(FOLDERS, IDS)
def test_what_a_folder_spells_is_read_back(folder: Folder, id: str) -> None:
    spelled = {
        folder.image(id, "png"): ("image", "png"),
        folder.image(id, "jpg"): ("image", "jpg"),
        folder.image(id, "webp"): ("image", "webp"),
        folder.sidecar(id): ("sidecar", "json"),
        folder.thumb(id): ("thumb", "webp"),
        folder.thumb(id, "jpg"): ("thumb", "jpg"),
        folder.mark(id, "put"): ("put", "json"),
        folder.mark(id, "purge"): ("purge", "json"),
        folder.mark(id, "new"): ("new", "json"),
    }
    assert len(spelled) == 9
    for text, (role, ext) in spelled.items():
        key = parse(text)
        assert key is not None
        assert (key.folder, key.id, key.role, key.ext) == (folder, id, role, ext)
        assert keys.is_month(key.folder.month)
        assert f"/{key.folder.month.replace('-', '/')}/" in text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("output", f"users/{OWNER}/2026/03/14/{ONE}.png"),
        ("input", f"users/{OWNER}/inputs/2026/03/14/{ONE}.png"),
        ("control", f"users/{OWNER}/controls/2026/03/14/{ONE}.png"),
    ],
)
def test_each_kind_has_its_drawer(kind: Kind, text: str) -> None:
    folder = Folder(OWNER, kind, date(2026, 3, 14))
    assert folder.image(ONE, "png") == text
    key = parse(text)
    assert key is not None
    assert key.folder == folder


GOOD = f"users/{OWNER}/2026/03/14/{ONE}.png"
BAD = [
    "",
    "users",
    GOOD + "/",
    "/" + GOOD,
    "./" + GOOD,
    GOOD + "\n",
    GOOD + "\0",
    GOOD.replace("users/", "users//"),
    GOOD.replace("users/", "users/../users/"),
    GOOD.replace("/", "\\"),
    GOOD.replace("png", "PNG"),
    GOOD.replace("png", "gif"),
    GOOD.replace("png", "svg"),
    GOOD.replace("png", "jpeg"),
    GOOD.replace(".png", ""),
    GOOD.replace(ONE, ONE[1:]),
    GOOD.replace(ONE, ONE + "0"),
    GOOD.replace(ONE, "A" * 32),
    GOOD.replace(ONE, "٣" * 32),
    GOOD.replace("2026", "２０２６"),
    GOOD.replace("2026/03/14", "2026/02/30"),
    GOOD.replace("2026/03/14", "2025/02/29"),
    GOOD.replace("2026/03/14", "2026/13/01"),
    GOOD.replace("2026/03/14", "2026/00/01"),
    GOOD.replace("2026/03/14", "0000/01/01"),
    GOOD.replace("2026/03/14", "2026/3/14"),
    GOOD.replace("2026/03/14", "2026/03/14/15"),
    GOOD.replace("/2026", "/outputs/2026"),
    GOOD.replace("/2026", "/inbox/2026"),
    GOOD.replace("/2026", "/inputs/inputs/2026"),
    GOOD.replace(OWNER, "anon-" + "A" * 32),
    GOOD.replace(OWNER, "anon-" + "a" * 31),
    GOOD.replace(OWNER, "anon-member"),
    GOOD.replace(OWNER, "Member"),
    GOOD.replace(OWNER, "-member"),
    GOOD.replace(OWNER, "m" * 65),
    GOOD.replace(OWNER, ".."),
    f"users/{OWNER}/2026/03/14/thumb/{ONE}.png",
    f"users/{OWNER}/2026/03/14/thumb/{ONE}.json",
    f"users/{OWNER}/2026/03/14/.{ONE}.json",
    f"users/{OWNER}/2026/03/14/.{ONE}.json.old",
    f"users/{OWNER}/2026/03/14/.{ONE}.png.put",
    ".gallery/secret",
]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_key_is_refused(text: str) -> None:
    assert parse(GOOD) is not None
    assert parse(text) is None


@given(st.text(alphabet="users/anon-0123456789abcdef.pngjwthm\\\0\n"))
def test_no_text_is_too_odd_to_be_refused(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("name", ["a", "0", "member_1-x", "m" * 64, OWNER, "anonymous", "anon"])
def test_an_owner_is_a_browser_or_a_member(name: str) -> None:
    assert keys.owner(name) == name


@pytest.mark.parametrize("name", ["", "anon-", "anon-x", "a b", "a/b", "_a", "Ä", "a\n", "m" * 65])
def test_anything_else_is_no_owner(name: str) -> None:
    with pytest.raises(BadRequest):
        keys.owner(name)


def test_new_names_are_of_the_grammar() -> None:
    assert keys.is_id(keys.new_id())
    assert keys.is_owner(keys.new_owner())
    assert keys.new_owner().startswith("anon-")
    assert keys.new_owner() != keys.new_owner()


@pytest.mark.parametrize(
    ("time", "day"),
    [
        ("2026-03-14T23:59:59.999999Z", "2026/03/14"),
        ("2026-03-15T00:00:00Z", "2026/03/15"),
        ("2026-03-15T08:59:59+09:00", "2026/03/14"),
        ("1969-12-31T23:59:59.999999Z", "1969/12/31"),
    ],
)
def test_the_folder_is_the_utc_day_of_the_creation(time: str, day: str) -> None:
    assert str(keys.folder_of(OWNER, "output", to_us(time))) == f"users/{OWNER}/{day}"


@pytest.mark.parametrize(
    "text", ["2026-00", "2026-13", "2026-1", "26-01", "2026-01-01", "2026-01\n"]
)
def test_a_month_is_a_month(text: str) -> None:
    assert keys.is_month("2026-01")
    assert not keys.is_month(text)


@pytest.mark.parametrize("name", ["a.png", "a b/c", "\n", "\udcff.png", "x" * 300, "..."])
def test_in_an_inbox_any_name_is_right(name: str) -> None:
    file = keys.inboxed(f"users/{OWNER}/inbox/{name}")
    assert file == keys.Inboxed(OWNER, name)
    assert str(file) == f"users/{OWNER}/inbox/{name}"
    assert parse(str(file)) is None


@pytest.mark.parametrize(
    "text",
    ["users/anon-x/inbox/a.png", f"users/{OWNER}/inbox", f"users/{OWNER}/inbox/", "inbox/a.png",
     f"users/{OWNER}/inputs/inbox/a.png", f"users/{OWNER}/inboxes/a.png"],
)  # fmt: skip
def test_what_is_in_no_inbox(text: str) -> None:
    assert keys.inboxed(text) is None


@given(FOLDERS)
def test_every_folder_above_an_image_is_on_the_way_to_it(folder: Folder) -> None:
    parts = str(folder).split("/")
    assert all(keys.is_on_the_way("/".join(parts[:n])) for n in range(1, len(parts) + 1))
    assert not keys.is_on_the_way(f"{folder}/thumb")


@pytest.mark.parametrize(
    ("folder", "is_one"),
    [("inbox", True), ("inbox/a/.b", True), ("mine", False), ("2026/mine", False),
     ("controls", True), ("inputs/2026", True), ("2026/03/14/15", False)],
)  # fmt: skip
def test_which_folders_may_hold_an_image(folder: str, is_one: bool) -> None:
    assert keys.is_on_the_way(f"users/kim/{folder}") is is_one
