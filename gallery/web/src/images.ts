// Every image that the page knows, once. Whoever shows one reads its signal; whatever tells of
// one, an answer or an event, is put here, and an older revision never replaces a newer one.

import { signal, type Signal } from "@preact/signals";

import type { Image } from "./api";

const known = new Map<string, Signal<Image>>();
/** Those that are shown as they are going to be: what is told of the revision that this is built on
 * may come late, and is older. */
const foreseen = new Set<string>();

export const imageOf = (id: string): Image | undefined => known.get(id)?.value;
export const signalOf = (id: string): Signal<Image> | undefined => known.get(id);
export const howMany = (): number => known.size;
/** Whose they are; undefined where none is known. */
export const whose = (): string | undefined => known.values().next().value?.peek().owner;

/** Gives what is known now, which may be newer. */
export function remember(image: Image): Image {
  const old = known.get(image.id)?.peek();
  const isOlder = old && (image.rev < old.rev || (image.rev === old.rev && foreseen.has(image.id)));
  return isOlder ? old : show(image);
}

/** Shows an image as it is going to be, at the revision that is known. */
export function foresee(image: Image): Image {
  show(image);
  foreseen.add(image.id);
  return image;
}

/** What was foreseen has come about at this revision, so what is told of it from now on is nothing
 * new. Not if others have changed it in between: of theirs nothing is known yet. */
export function reached(id: string, rev: number): void {
  const old = known.get(id);
  if (old?.peek().rev === rev - 1 && foreseen.has(id)) show({ ...old.peek(), rev });
}

/** It turned out otherwise: as it was, unless something newer is known. */
export function putBack(image: Image): Image {
  foreseen.delete(image.id);
  return remember(image);
}

function show(image: Image): Image {
  foreseen.delete(image.id);
  const old = known.get(image.id);
  if (old) old.value = image;
  else known.set(image.id, signal(image));
  return image;
}

export function forget(id: string): void {
  foreseen.delete(id);
  known.delete(id);
}
