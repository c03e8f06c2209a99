// An image's tags, which are taken off and added here.

import { useRef } from "preact/hooks";

import { editTags } from "../actions";
import type { Image } from "../api";
import { Icon } from "../ui/Icon";
import { t } from "./texts";

export function Tags({ image }: { image: Image }) {
  const { id, tags } = image;
  const input = useRef<HTMLInputElement>(null);
  const add = (event: SubmitEvent): void => {
    event.preventDefault();
    const tag = input.current?.value.trim();
    if (!input.current || !tag) return;
    input.current.value = "";
    void editTags(id, (old) => [...new Set([...old, tag])]);
  };
  const remove = (tag: string): void => {
    void editTags(id, (old) => old.filter((other) => other !== tag));
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
