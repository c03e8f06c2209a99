// The filters that are set, each to be taken away.

import { useRef } from "preact/hooks";

import { route } from "../route";
import { leaving, toPage } from "../ui/focus";
import { Icon } from "../ui/Icon";
import { chipsOf, clear, remove, type Chip } from "./filters";
import { t } from "./texts";

export function Chips() {
  const { filters } = route.value;
  const list = useRef<HTMLUListElement>(null);
  const chips = chipsOf(filters);
  if (!Object.keys(filters).length) return null;
  const take = (chip: Chip, index: number): void => {
    remove(chip);
    // The focus stays in the row, as long as there is one.
    requestAnimationFrame(() => {
      const left = list.current?.querySelectorAll("button");
      const next = left?.[Math.min(index, left.length - 1)];
      if (next) next.focus();
      else if (document.activeElement === document.body) toPage();
    });
  };
  return (
    <ul ref={list} class="active-filters" aria-label={t.active}>
      {chips.map((chip, index) => (
        <li key={chip.names[0]}>
          <button
            type="button"
            class="chip"
            aria-label={t.remove(chip.label)}
            onClick={() => take(chip, index)}
            onKeyDown={({ key }) => {
              if (key === "Backspace" || key === "Delete") take(chip, index);
            }}
          >
            {chip.label}
            <Icon name="close" />
          </button>
        </li>
      ))}
      <li>
        <button type="button" class="chip clear" onClick={leaving(clear)}>
          {t.clear}
        </button>
      </li>
    </ul>
  );
}
