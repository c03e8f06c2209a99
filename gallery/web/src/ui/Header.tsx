// The bar at the top: where one is, and where one can go.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import { bytes, number, percent } from "../formats";
import { t } from "../i18n";
import { opened } from "../keys/commands";
import { follow, hrefOf, route, type PageName } from "../route";
import { me } from "../store";
import { fullness, NEARLY_FULL } from "../you/quota";

const PAGES: readonly PageName[] = ["gallery", "inputs", "controls", "trash", "you"];

export function Header({ children }: { children?: ComponentChildren }) {
  const { page } = route.value;
  const counted = me.value;
  const bar = useRef<HTMLElement>(null);
  useMeasured(bar);
  useLayoutEffect(() => {
    const here = bar.current?.querySelector("[aria-current]");
    here?.scrollIntoView({ block: "nearest", inline: "nearest" });
    // With the counts the tabs grow wider.
  }, [page, counted]);
  return (
    <header class="bar" ref={bar}>
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
              {name === "you" && <Usage />}
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

/** What sticks below the bar has to know how high it is: it wraps, and filters add a row. */
function useMeasured(bar: { current: HTMLElement | null }): void {
  useLayoutEffect(() => {
    const element = bar.current;
    if (!element) return undefined;
    const measure = (): void => {
      const height = element.getBoundingClientRect().height;
      document.documentElement.style.setProperty("--bar", `${height}px`);
    };
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    measure();
    return () => sizes.disconnect();
  }, [bar]);
}

function TrashCount() {
  const counts = Object.values(me.value?.counts ?? {});
  const trashed = counts.reduce((sum, { trash }) => sum + trash, 0);
  return trashed ? <span class="count">{number(trashed)}</span> : null;
}

function Usage() {
  const now = me.value;
  if (!now?.count) return null;
  const part = fullness(now);
  if (part < NEARLY_FULL) return <span class="count usage">{bytes(now.bytes)}</span>;
  return <span class="count danger">{percent(Math.min(1, part))}</span>;
}
