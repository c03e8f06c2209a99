// Choosing two images to compare, one after the other.

import { signal } from "@preact/signals";

import { go } from "../route";

/** The first of them, while another is being chosen. */
export const marked = signal<string | null>(null);

/** Marks an image, or compares it with the one that was marked before. */
export function compareWith(id: string): void {
  const other = marked.peek();
  if (other === id) {
    marked.value = null;
  } else if (other) {
    marked.value = null;
    go({ compare: [other, id], image: null });
  } else {
    marked.value = id;
  }
}
