// An image's tags, which are taken off and added here.

import { useRef } from "preact/hooks";

import { setTags } from "../actions";
import type { Image } from "../api";
import { imageOf } from "../images";
import { Icon } from "../ui/Icon";
import { t } from "./texts";

/** One change after the other, each from what the one before has left. */
let last: Promise<unknown> = Promise.resolve();

function edit(id: string, change: (tags: string[]) => string[]): void {
  last = last.then(() => {
    const now = imageOf(id);
    return now && setTags(id, change(now.tags), now.rev);
  });
}

export function Tags({ image }: { image: Image }) {
  const { id, tags } = image;
  const input = useRef<HTMLInputElement>(null);
  const add = (event: SubmitEvent): void => {
    event.preventDefault();
    const tag = input.current?.value.trim();
    if (!input.current || !tag) return;
    input.current.value = "";
    edit(id, (old) => [...new Set([...old, tag])]);
  };
  const remove = (tag: string): void => {
    edit(id, (old) => old.filter((other) => other !== tag));
    input.current?.focus();
  };
  return (
    <section class="tags" aria-label={t.tags}>
      <h3>{t.tags}</h3>
      {tags.length ? (
        <ul>
          {tags.map((tag) => (
            <li key={tag}>
              {tag}
              <button
                type="button"
                class="plain"
                aria-label={t.removeTag(tag)}
                onClick={() => remove(tag)}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <p class="none">{t.noTags}</p>
      )}
      <form onSubmit={add}>
        <input
          ref={input}
          type="text"
          aria-label={t.addTag}
          placeholder={t.addTag}
          maxLength={100}
          autocomplete="off"
          onKeyDown={(event) => {
            // What it holds is dropped first; then Escape closes the viewer.
            if (event.key !== "Escape") return;
            if (input.current?.value) input.current.value = "";
            else input.current?.blur();
          }}
        />
        <button type="submit">{t.add}</button>
      </form>
    </section>
  );
}
