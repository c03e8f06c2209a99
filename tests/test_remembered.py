"""What is remembered of keys: so much, and no longer than it is true."""

from __future__ import annotations

from gallery.remembered import Memory

KIM, YUNA = ("kim", "1"), ("yuna", "1")


def test_the_oldest_leave_when_there_is_too_much() -> None:
    memory: Memory[str] = Memory(100)
    for key in "abc":
        memory.keep(key, KIM, key.upper(), 40, 0)
    assert [memory.get(key) for key in "abc"] == [None, "B", "C"]
    memory.keep("b", KIM, "again", 60, 0)
    assert [memory.get(key) for key in "abc"] == [None, "again", "C"]
    memory.keep("huge", KIM, "no", 101, 0)
    assert [memory.get(key) for key in ("b", "c", "huge")] == [None, None, None]


def test_all_of_an_image_is_forgotten_when_it_changes() -> None:
    memory: Memory[str] = Memory(100)
    memory.keep("original", KIM, "1", 10, 0)
    memory.keep("thumb", KIM, "2", 10, 0)
    memory.keep("other", YUNA, "3", 10, 0)
    memory.forget(*KIM)
    assert [memory.get(key) for key in ("original", "thumb", "other")] == [None, None, "3"]
    memory.forget("", "")
    assert memory.get("other") is None
    for key in "abcdefghij":  # there is room again for as much as before
        memory.keep(key, KIM, key, 10, 2)
    assert all(memory.get(key) for key in "abcdefghij")


def test_what_was_found_before_a_change_is_not_kept() -> None:
    memory: Memory[str] = Memory(100)
    before = memory.changes
    memory.forget(*YUNA)
    memory.keep("a", KIM, "old", 10, before)
    assert memory.get("a") is None
    memory.keep("a", KIM, "new", 10, memory.changes)
    assert memory.get("a") == "new"
