// What the viewer pages through: images in an order. A timeline is one, the trash another.

import { signal, type ReadonlySignal } from "@preact/signals";

import type { Image } from "../api";

export interface Source {
  /** Grows whenever the images or their order change. */
  readonly version: ReadonlySignal<number>;
  readonly total: number;
  /** The place of an image, from 0; -1 if it is not known. */
  indexOf(id: string): number;
  /** The image at a place, as far as it is known. */
  at(index: number): string | null;
  /** The same, asked for if it is not known. */
  idAt(index: number): Promise<string | null>;
  /** The place of an image, asked for if it is not known; -1 if it is not among them. */
  find(image: Image): Promise<number>;
  /** Brings an image into sight on the page below, and gives it the focus if wanted. */
  show(id: string, focus: boolean): void;
}

/** Set by a page as long as it is there, if its images are in an order of its own. */
export const offered = signal<Source | null>(null);
