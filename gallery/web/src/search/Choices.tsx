// The values of one filter, those of most images first. Of many, the ones that are typed.

import { useId, useState } from "preact/hooks";

import type { Facet } from "../api";
import { number } from "../formats";
import { offered } from "./offered";
import { t } from "./texts";

interface Props {
  title: string;
  facets: Facet[];
  chosen: string | undefined;
  onChoose: (value: string | undefined) => void;
  /** Whether one may also say what is not offered. */
  typed?: boolean;
}

export function Choices({ title, facets, chosen, onChoose, typed = false }: Props) {
  const [words, setWords] = useState("");
  const heading = useId();
  const { shown, more } = offered(facets, words);
  if (!facets.length && !typed) return null;
  return (
    <section aria-labelledby={heading}>
      <h2 id={heading}>{title}</h2>
      {typed && (
        <input
          type="text"
          autocomplete="off"
          aria-label={t.which(title)}
          placeholder={t.which(title)}
          onInput={(event) => setWords(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.isComposing || !words.trim()) return;
            event.preventDefault();
            onChoose(words.trim());
          }}
        />
      )}
      <div class="choices">
        {shown.map(({ name, count }) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === chosen}
            onClick={() => onChoose(name === chosen ? undefined : name)}
          >
            <span class="name" title={name}>
              {name}
            </span>
            <span class="count">{number(count)}</span>
          </button>
        ))}
      </div>
      {more > 0 && <p>{t.and(more)}</p>}
    </section>
  );
}
