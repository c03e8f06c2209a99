// The image that the keyboard is at, which is brought into sight and gets the focus.

import { effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import type { Geometry } from "../layout/geometry";
import type { Sections } from "../sections";

export const cursor = signal<string | null>(null);
const asked = signal<{ id: string; focus: boolean } | null>(null);

/** Brings an image into sight, with the focus unless that stays elsewhere. */
export function show(id: string, focus = true): void {
  cursor.value = id;
  asked.value = { id, focus };
}

const MARGIN = 120;
const FRAMES = 30;

/** Does what `show` asked for, when the image's place is known and it is drawn. What was asked of
 * one list is not done to the next: the focus may be elsewhere by then, and somebody typing. */
export function useShown(
  root: { current: HTMLElement | null },
  geometry: Geometry,
  listing: Sections,
  version: number,
): void {
  const latest = useRef({ geometry, listing, version });
  latest.current = { geometry, listing, version };
  useEffect(() => {
    const end = effect(() => {
      const wanted = asked.value;
      if (!wanted) return;
      let frames = FRAMES;
      const attempt = (): void => {
        bring(root.current, wanted.id, latest.current);
        if (!wanted.focus || focus(root.current, wanted.id) || asked.peek() !== wanted) return;
        if (frames--) requestAnimationFrame(attempt);
      };
      attempt();
    });
    return () => {
      end();
      asked.value = null;
    };
  }, [root]);
}

function bring(
  root: HTMLElement | null,
  id: string,
  { geometry, listing }: { geometry: Geometry; listing: Sections },
): void {
  const day = listing.dayWith(id);
  const found = day && geometry.rowOf(day, id);
  if (!root || !found) return;
  const top = root.getBoundingClientRect().top + found.top;
  const bottom = top + found.row.height;
  if (top < MARGIN) scrollBy(0, top - MARGIN);
  else if (bottom > innerHeight - MARGIN / 2) scrollBy(0, bottom - innerHeight + MARGIN / 2);
}

/** Gives whether the image is drawn. */
function focus(root: HTMLElement | null, id: string): boolean {
  const link = root?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] a`);
  link?.focus({ preventScroll: true });
  return Boolean(link);
}
