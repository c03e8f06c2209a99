"""Settings: from flags, environment and .env, and what is wrong with them in one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gallery.errors import StartRefused
from gallery.settings import PREFIX, Settings, load


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_the_defaults_are_those_of_the_contract() -> None:
    settings = load()
    assert (settings.outputs, settings.manifests) == (Path("outputs"), Path("manifests"))
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert (settings.blobs, settings.catalog) == ("file:", "manifest:")
    assert (settings.retention_days, settings.max_upload_bytes) == (30, 50 << 20)
    assert settings.max_pixels == 50_000_000
    assert (settings.quota_bytes, settings.quota_count) == (None, None)
    assert (settings.admin_token, settings.service_token, settings.secret) == (None, None, ())


def test_flags_come_before_the_environment_and_that_before_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("GALLERY_PORT=1\nGALLERY_WORKERS=2\nGALLERY_HOST=0.0.0.0\n")
    monkeypatch.setenv("GALLERY_PORT", "3")
    monkeypatch.setenv("GALLERY_WORKERS", "4")
    settings = load(port=5)
    assert (settings.port, settings.workers, settings.host) == (5, 4, "0.0.0.0")


def test_a_flag_that_was_not_given_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERY_PORT", "3")
    assert load(port=None, host=None).port == 3


def test_other_programs_settings_may_stand_beside_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("AWS_REGION=eu-north-1\nOTHER=1\nGALLERY_PORT=9\n")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    assert load().port == 9


@pytest.mark.parametrize("name", ["GALLERY_PROT", "GALLERY_", "GALLERY_X", "GALLERY_OUTPUTS_"])
def test_an_unknown_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(StartRefused, match=f"^{name} is not a setting$"):
        load()


def test_an_unknown_variable_of_the_file_is_named() -> None:
    Path(".env").write_text("GALLERY_PROT=1\n")
    with pytest.raises(StartRefused, match=r"^GALLERY_PROT is not a setting$"):
        load()


MALFORMED = {
    "PORT": ["x", "-1", "65536", "", "80.5"],
    "WORKERS": ["0", "65", "many"],
    "RETENTION_DAYS": ["0", "-1", "36501"],
    "QUOTA_BYTES": ["-1", "1 GB"],
    "QUOTA_COUNT": ["-1"],
    "MAX_UPLOAD_BYTES": ["0", "50MiB"],
    "MAX_PIXELS": ["0"],
    "MEMORY_BYTES": ["1", "0"],
    "RING_ITEMS": ["-1"],
    "SECRET": ["short", "", "long enough to be a key,short", ","],
    "ADMIN_TOKEN": ["short", ""],
    "SERVICE_TOKEN": ["short"],
    "PUBLIC_ORIGIN": ["pictures.test", "ftp://pictures.test"],
    "BODY_SECONDS": ["0", "-1", "soon"],
    "DELIVERY": [
        "",
        "Server",
        "s3",
        "cdn.test",
        "ftp://cdn.test",
        "https://",
        "https://cdn.test/a b",
        "https://cdn.test/?a",
        "https://cdn.test#a",
        "https://me:hunter2@cdn.test",
        "https://cdn.test//a",
        "https://cdn.test; script-src *",
        "https://cdn.test/\n",
    ],
    "UPLOADS": ["0"],
    "DECODERS": ["-1"],
    "SINGLE_OWNER": ["Not An Owner", "../x"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in MALFORMED.items() for value in values]
)
def test_a_malformed_setting_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(StartRefused) as refused:
        load()
    assert f"{PREFIX}{name}: " in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_secret_is_never_repeated_in_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("SECRET", "hunter2"),
        ("ADMIN_TOKEN", "hunter2"),
        ("DELIVERY", "https://me:hunter2@cdn.test"),
    ):
        monkeypatch.setenv(PREFIX + name, value)
        with pytest.raises(StartRefused) as refused:
            load()
        assert "hunter2" not in str(refused.value)
        monkeypatch.delenv(PREFIX + name)


def test_keys_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERY_SECRET", "the newest key of all , the oldest key of all")
    assert load().secret == ("the newest key of all", "the oldest key of all")


def test_an_origin_is_compared_as_browsers_write_it() -> None:
    assert load(public_origin="HTTPS://Pictures.test/").public_origin == "https://pictures.test"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("server", "server"),
        ("presigned", "presigned"),
        ("https://cdn.test/", "https://cdn.test"),
        ("http://127.0.0.1:9000/a/B.c_d-e~f%20/", "http://127.0.0.1:9000/a/B.c_d-e~f%20"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
    ],
)
def test_bytes_are_sent_by_the_server_the_store_or_a_cdn(said: str, meant: str) -> None:
    assert load(delivery=said).delivery == meant


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "pictures.test"])
def test_a_single_owner_is_for_this_machine_alone(host: str) -> None:
    with pytest.raises(StartRefused, match="GALLERY_SINGLE_OWNER: only with"):
        load(single_owner="demo", host=host)
    assert load(single_owner="demo").single_owner == "demo"


def test_every_setting_says_what_it_is() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
