// Adds tags to what is selected, and takes them away.

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";

import { addTags, removeTags } from "../actions";
import { isEverything, sizeOf, type Which } from "../changes";
import { imageOf } from "../images";
import { Dialog } from "../ui/Dialog";
import { tagging } from "./tagging";
import { t } from "./texts";

const MOST_SHOWN = 30;
/** Of one tag, as the server takes it. */
const LONGEST = 100;

/** Written with commas between them. */
export const tagsIn = (text: string): string[] => [
  ...new Set(
    text
      .split(/[,，、]/)
      .map((tag) => tag.trim().normalize("NFC"))
      .filter(Boolean),
  ),
];

/** The tags of the selected images that are known, the most frequent first. */
function theirTags(which: Which): string[] {
  const counts = new Map<string, number>();
  for (const id of isEverything(which) ? which.known() : which) {
    for (const tag of imageOf(id)?.tags ?? []) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
  return sorted.slice(0, MOST_SHOWN).map(([tag]) => tag);
}

/** Shown as long as some images are to be tagged. */
export function Tagging() {
  const which = tagging.value;
  return which && <TagDialog which={which} onClose={() => (tagging.value = null)} />;
}

function TagDialog({ which, onClose }: { which: Which; onClose: () => void }) {
  const text = useSignal("");
  const [field, hint] = [useId(), useId()];
  const tags = tagsIn(text.value);
  const isTooLong = tags.some((tag) => Array.from(tag).length > LONGEST);
  const isReady = tags.length > 0 && !isTooLong;
  const theirs = theirTags(which);
  const act = (change: typeof addTags, wanted: readonly string[]): void => {
    void change(which, wanted);
    text.value = "";
  };
  return (
    <Dialog title={t.tagsOf(sizeOf(which))} onClose={onClose}>
      <form
        class="tagging"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isReady) return;
          act(addTags, tags);
          onClose();
        }}
      >
        <label for={field}>{t.newTags}</label>
        <input
          id={field}
          data-autofocus
          value={text.value}
          maxLength={500}
          autocomplete="off"
          aria-describedby={hint}
          aria-invalid={isTooLong}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        />
        <p id={hint} class={isTooLong ? "danger" : undefined}>
          {isTooLong ? t.tagTooLong(LONGEST) : t.newTagsHint}
        </p>
        {theirs.length > 0 && <h3>{t.theirs}</h3>}
        <ul class="chips">
          {theirs.map((tag) => (
            <li key={tag}>
              <button
                type="button"
                onClick={() => act(removeTags, [tag])}
                aria-label={t.takeOff(tag)}
              >
                {tag} <span aria-hidden="true">✕</span>
              </button>
            </li>
          ))}
        </ul>
        <footer>
          <button
            type="button"
            disabled={!isReady}
            onClick={() => {
              act(removeTags, tags);
              onClose();
            }}
          >
            {t.removeTags}
          </button>
          <button type="submit" class="primary" disabled={!isReady}>
            {t.addTags}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
