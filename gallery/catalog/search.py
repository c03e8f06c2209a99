"""Looking for words in the prompts of one manifest, folded and held as plain strings.

``word in prompt`` over 100,000 of them takes about 15 ms, however rare or common the word
is; decoding every line would take ten times that.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable

from gallery.catalog.query import Words, fold


class PromptText:
    """The prompts of a manifest's images by slot, as they were when it was made.

    Slots below ``covered`` are in it, if they were in use. What came or was edited later
    isn't: it must be looked up in its line.
    """

    def __init__(self, prompts: Iterable[tuple[int, str | None]], covered: int) -> None:
        self.covered = covered
        self._slots = array("I")
        self._prompts: list[str] = []
        self.weight = 0
        """Bytes of memory."""
        for slot, prompt in prompts:
            text = fold(prompt or "")
            self._slots.append(slot)
            self._prompts.append(text)
            self.weight += sys.getsizeof(text) + 12

    def matching(self, words: Words) -> set[int]:
        """The slots whose prompts match."""
        pairs = list(zip(self._slots, self._prompts, strict=True))
        for word in words.present:
            pairs = [pair for pair in pairs if word in pair[1]]
        for word in words.absent:
            pairs = [pair for pair in pairs if word not in pair[1]]
        return {slot for slot, _ in pairs}
