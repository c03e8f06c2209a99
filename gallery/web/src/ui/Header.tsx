// The bar at the top: where one is, and where one can go.

import type { ComponentChildren } from "preact";

import { number } from "../formats";
import { t } from "../i18n";
import { opened } from "../keys/commands";
import { follow, hrefOf, route, type PageName } from "../route";
import { me } from "../store";

const PAGES: readonly PageName[] = ["gallery", "inputs", "controls", "trash", "you"];

export function Header({ children }: { children?: ComponentChildren }) {
  const { page } = route.value;
  return (
    <header class="bar">
      <nav class="tabs" aria-label={t.pages}>
        {PAGES.map((name) => {
          const there = { page: name, image: null, compare: null, filters: {} };
          return (
            <a
              key={name}
              href={hrefOf(there)}
              aria-current={name === page ? "page" : undefined}
              onClick={follow(there)}
            >
              {t[name]}
              {name === "trash" && <TrashCount />}
            </a>
          );
        })}
      </nav>
      {children}
      <button
        type="button"
        class="plain keyboard"
        title={t.keyboard}
        aria-label={t.keyboard}
        onClick={() => (opened.value = "sheet")}
      >
        ?
      </button>
    </header>
  );
}

function TrashCount() {
  const counts = Object.values(me.value?.counts ?? {});
  const trashed = counts.reduce((sum, { trash }) => sum + trash, 0);
  return trashed ? <span class="count">{number(trashed)}</span> : null;
}
