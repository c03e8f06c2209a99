// What is in the trash, the newest deletion first, in sections by the day that it is let go.
//
// It is read by its cursor, page after page, as far down as one looks.

import { batch, signal } from "@preact/signals";

import { getTrash, Problem, type Image, type Page, type Target } from "../api";
import type { Day } from "../layout/day";
import { ratioOf } from "../layout/rows";
import { remember } from "../images";
import { dayOf } from "../matching";
import { SIZE, type Span } from "../planning";
import { Sections } from "../sections";
import { me, watch } from "../store";
import { chunksOf } from "../targets";
import { today } from "../today";
import { t } from "./texts";

const DAY = 86_400_000;
/** The latest that the first moment of all is anywhere. */
const UNDATED = "1970-01-01";
/** So many images before the end of what is known, more is asked for. */
const AHEAD = 100;

export class TrashList extends Sections {
  override readonly isDated = false;
  /** Images that are not known yet. */
  private readonly rest = signal(0);
  /** Of the next page; null if there is none. */
  private cursor: string | null = "";
  private asking: Promise<void> | null = null;
  private readonly unwatch = watch((id, image) => this.happened(id, image));

  get total(): number {
    return this.placed + this.rest.value;
  }

  close(): void {
    this.unwatch();
  }

  // -- what is known ----------------------------------------------------------------------------

  /** As much as was known before, anew. */
  async load(): Promise<void> {
    const wanted = this.placed;
    await this.read(async () => {
      const found: Image[] = [];
      let cursor: string | null = "";
      let total: number;
      do {
        const page = await getTrash(cursor, SIZE);
        found.push(...page.items);
        [cursor, total] = [page.next_cursor, page.total ?? 0];
      } while (cursor !== null && found.length < wanted);
      // In between it would seem to be empty.
      batch(() => {
        this.days.value = [];
        this.take(found, cursor, total);
        this.state.value = "ready";
      });
    });
  }

  private async more(): Promise<void> {
    this.asking ??= this.read(async () => {
      const page = await getTrash(this.cursor, SIZE);
      this.take(page.items, page.next_cursor, page.total ?? 0);
    }).finally(() => (this.asking = null));
    await this.asking;
  }

  private async read(act: () => Promise<void>): Promise<void> {
    try {
      await act();
      this.problem.value = null;
    } catch (error) {
      this.problem.value = error instanceof Problem ? error : new Problem(0, "failed", "");
      if (this.state.peek() === "loading") this.state.value = "failed";
    }
  }

  private take(images: readonly Image[], cursor: string | null, total: number): void {
    this.cursor = cursor;
    for (const image of images) this.insert(remember(image));
    this.changed();
    this.rest.value = cursor === null ? 0 : Math.max(0, total - this.placed);
  }

  private insert(image: Image): void {
    if (!this.belongs(image)) return;
    const { id, width, height, deleted_at } = image;
    const date = dayOf(goesAt(image));
    const old = this.dayWith(id);
    if (old && old.date !== date) this.remove(id);
    this.section(date).insert({
      id,
      ratio: ratioOf(width, height),
      at: deleted_at ? Date.parse(deleted_at) : 0,
    });
  }

  look(spans: readonly Span[]): void {
    const last = spans.at(-1);
    const end = this.days.peek().at(-1);
    if (last && last.day === end && last.to + AHEAD >= end.count && this.cursor !== null) {
      void this.more();
    }
  }

  async idAt(index: number): Promise<string | null> {
    while (index >= this.placed && this.cursor !== null) {
      await this.more();
      if (this.problem.peek()) break;
    }
    return this.at(index);
  }

  // -- what happens -----------------------------------------------------------------------------

  belongs(image: Image): boolean {
    return image.status === "trash";
  }

  private happened(id: string, image: Image | null): void {
    if (!id) void this.load();
    else if (!image || !this.belongs(image)) this.remove(id);
    else if (this.cursor === null || this.isNewer(image)) {
      this.insert(image);
      this.changed();
    }
  }

  /** What is older than all that is known comes with its page. */
  private isNewer(image: Image): boolean {
    const last = this.days.peek().at(-1)?.blocks.at(-1)?.slots.at(-1);
    return !last || (image.deleted_at ? Date.parse(image.deleted_at) : 0) >= last.at;
  }

  // -- all of it --------------------------------------------------------------------------------

  async *targets(except: ReadonlyMap<string, string>): AsyncIterable<Target> {
    const ids: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Page = await getTrash(cursor, SIZE);
      ids.push(...page.items.map(({ id }) => id).filter((id) => !except.has(id)));
      cursor = page.next_cursor;
    }
    yield* chunksOf(ids);
  }

  bytes(): number | null {
    return null;
  }

  override clear(): void {
    [this.rest.value, this.cursor] = [0, null];
    super.clear();
  }

  nameOf({ date }: Day): string {
    if (date <= UNDATED) return t.undated;
    const left = Math.round((Date.parse(date) - Date.parse(today.value)) / DAY);
    return left > 0 ? t.left(left) : t.today;
  }
}

/** When the trash lets go of an image, in milliseconds. An older writer did not write down when it
 * was deleted: such an image is the last, and stays. */
function goesAt({ purge_at, deleted_at }: Image): number {
  if (purge_at) return Date.parse(purge_at);
  if (!deleted_at) return 0;
  return Date.parse(deleted_at) + (me.peek()?.retention_days ?? 30) * DAY;
}
