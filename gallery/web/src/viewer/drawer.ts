// Whether the drawer with what is known of an image is open, and what it leaves for the image.

import { signal } from "@preact/signals";

import { keep, kept } from "../kept";

const KEY = "viewer.info";
const WIDE = "(min-width: 900px)";
/** As in viewer.css. */
const [WIDTH, SHARE] = [380, 0.5];

export const isInfoOpen = signal(kept("sessionStorage", KEY) === "1");

/** Remembered until the tab is closed. */
export function toggleInfo(): void {
  isInfoOpen.value = !isInfoOpen.peek();
  keep("sessionStorage", KEY, isInfoOpen.peek() ? "1" : "0");
}

export function room(): { x: number; y: number } {
  const [x, y] = [document.documentElement.clientWidth, innerHeight];
  if (!isInfoOpen.peek()) return { x, y };
  return matchMedia(WIDE).matches ? { x: x - WIDTH, y } : { x, y: Math.round(y * SHARE) };
}
