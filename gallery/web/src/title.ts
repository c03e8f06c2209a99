// What the browser calls the page: in its tabs, its history, and aloud.

import { effect, signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";

import { t } from "./i18n";
import { route } from "./route";

const PRODUCT = "Gallery";
const LONGEST = 60;
/** The name of what lies over the page. */
const over = signal("");

/** While this is shown, it gives the page its name; none as long as that isn't known. */
export function useTitle(name: string): void {
  useLayoutEffect(() => {
    over.value = name;
    return () => void (over.value = "");
  }, [name]);
}

export function begin(): void {
  effect(() => {
    const { page } = route.value;
    const name = over.value || (page === "gallery" ? "" : t[page]);
    document.title = name ? `${shortened(name)} – ${PRODUCT}` : PRODUCT;
  });
}

function shortened(name: string): string {
  const letters = Array.from(name);
  return letters.length > LONGEST
    ? `${letters
        .slice(0, LONGEST - 1)
        .join("")
        .trimEnd()}…`
    : name;
}
