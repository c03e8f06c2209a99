// Every image that the page knows, once. Whoever shows one reads its signal; whatever tells of
// one, an answer or an event, is put here, and an older revision never replaces a newer one.

import { signal, type Signal } from "@preact/signals";

import type { Image } from "./api";

const known = new Map<string, Signal<Image>>();

export const imageOf = (id: string): Image | undefined => known.get(id)?.value;
export const signalOf = (id: string): Signal<Image> | undefined => known.get(id);
export const howMany = (): number => known.size;

/** Gives what is known now, which may be newer. */
export function remember(image: Image): Image {
  const old = known.get(image.id);
  if (!old) known.set(image.id, signal(image));
  else if (image.rev >= old.peek().rev) old.value = image;
  return known.get(image.id)?.peek() ?? image;
}

export function forget(id: string): void {
  known.delete(id);
}
