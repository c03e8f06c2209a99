// A timeline as the viewer pages through it.

import type { Image } from "../api";
import { imageOf } from "../images";
import type { Listing } from "../listing";
import { dayOf } from "../matching";
import { cursor, show } from "../timeline/cursor";
import type { Source } from "./source";

export class Listed implements Source {
  readonly version;

  constructor(private readonly listing: Listing) {
    this.version = listing.version;
  }

  get total(): number {
    return this.listing.total;
  }

  indexOf(id: string): number {
    return this.listing.indexOf(id);
  }

  at(index: number): string | null {
    return this.listing.at(index);
  }

  idAt(index: number): Promise<string | null> {
    return this.listing.idAt(index);
  }

  /** Halves its day again and again: each question brings a page, which mostly has it. */
  async find(image: Image): Promise<number> {
    const known = this.indexOf(image.id);
    if (known >= 0 || !this.listing.belongs(image)) return known;
    let [low, high] = this.bounds(dayOf(image.created_at));
    while (low < high) {
      const middle = (low + high) >> 1;
      const id = await this.listing.idAt(middle);
      const found = this.indexOf(image.id);
      if (found >= 0) return found;
      const other = id && imageOf(id);
      if (!other) return -1;
      if (isBefore(other, image)) low = middle + 1;
      else high = middle;
    }
    return -1;
  }

  /** The first place of a day, and the one after its last. */
  private bounds(date: string): [number, number] {
    let before = 0;
    for (const day of this.listing.days.peek()) {
      if (day.date === date) return [before, before + day.count];
      before += day.count;
    }
    return [0, 0];
  }

  /** What can be seen already gets the focus where it is. */
  show(id: string, focus: boolean): void {
    const link = document.querySelector<HTMLElement>(`.days [data-id="${CSS.escape(id)}"] a`);
    const box = link?.getBoundingClientRect();
    if (focus && link && box && box.bottom > 0 && box.top < innerHeight) {
      cursor.value = id;
      link.focus({ preventScroll: true });
    } else {
      show(id, focus);
    }
  }
}

/** As lists have them: those of the same moment by their ids. */
const isBefore = (one: Image, other: Image): boolean =>
  one.created_at === other.created_at ? one.id > other.id : one.created_at > other.created_at;
