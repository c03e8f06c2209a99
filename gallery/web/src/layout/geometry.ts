// Where the days, and the rows in them, lie below each other. A place in the timeline is a
// day and a block of it, and only then a distance: so it stays what it is while the heights
// above it become known.

import type { Block, Day } from "./day";
import { guessedHeight, rowsOf, type Row, type Rows, type Style } from "./rows";

export interface Place {
  date: string;
  block: number;
  /** From the top of the block, or of the day for block -1, in pixels; may lie outside. */
  within: number;
  /** How high the block was guessed to be. */
  of?: number;
}

/** A block that is in sight. `rows` are those in sight; none of them while nothing is known. */
export interface Seen {
  block: Block;
  /** Among the blocks of its day. */
  index: number;
  /** The block's first slot among those of the day. */
  offset: number;
  /** From the top of the day. */
  top: number;
  height: number;
  rows: Row[];
  known: boolean;
  /** Rows in the blocks before, of the same day. */
  rowsBefore: number;
}

export interface SeenDay {
  day: Day;
  /** Among all days. */
  index: number;
  /** Rows in all days before. */
  rowsBefore: number;
  top: number;
  height: number;
  blocks: Seen[];
}

interface Laid {
  version: number;
  ends: boolean;
  known: boolean;
  rows: Rows;
}

export class Geometry {
  private tops: number[] = [];
  private heights: number[] = [];
  private rowsBefore: number[] = [];
  private total = 0;
  private rowCount = 0;
  private days: readonly Day[] = [];
  private laid = new WeakMap<Block, Laid>();
  /** Of the images that are known, for guessing the others. */
  private ratio = 1;

  constructor(
    readonly style: Style,
    readonly heading: number,
  ) {}

  /** Grows with every change of the days. */
  version = -1;

  /** Computes anew what has changed. */
  set(days: readonly Day[], version: number): void {
    this.version = version;
    this.days = days;
    this.ratio = meanRatio(days);
    [this.tops, this.heights, this.rowsBefore] = [[], [], []];
    [this.total, this.rowCount] = [0, 0];
    for (const day of days) {
      this.tops.push(this.total);
      this.rowsBefore.push(this.rowCount);
      let height = this.heading;
      for (const block of day.blocks) {
        const { rows } = this.layout(day, block);
        height += rows.height;
        this.rowCount += rows.rows.length;
      }
      this.heights.push(height);
      this.total += height;
    }
  }

  get height(): number {
    return this.total;
  }

  get rows(): number {
    return this.rowCount;
  }

  topOf(date: string): number {
    const index = this.days.findIndex((day) => day.date === date);
    return this.topAt(index);
  }

  topAt(index: number): number {
    return this.tops[index] ?? 0;
  }

  /** What lies between two distances from the top of all. */
  seen(from: number, to: number): SeenDay[] {
    const found: SeenDay[] = [];
    for (let index = this.indexAt(from); index < this.days.length; index++) {
      const day = this.days[index];
      const top = this.tops[index] ?? 0;
      if (!day || top > to) break;
      const height = this.heights[index] ?? 0;
      const blocks = this.seenBlocks(day, from - top, to - top);
      found.push({ day, index, rowsBefore: this.rowsBefore[index] ?? 0, top, height, blocks });
    }
    return found;
  }

  /** What stays in its place on the screen while heights become known: the first block in sight
   * whose own height is known. */
  anchorAt(y: number, seen: readonly SeenDay[]): Place | null {
    for (const { day, top, blocks } of seen) {
      for (const block of blocks) {
        if (!block.known || top + block.top + block.height < y) continue;
        return { date: day.date, block: block.index, within: y - top - block.top };
      }
    }
    return this.placeAt(y, seen);
  }

  /** A place in something whose height is a guess: as far down in it, when that is known. */
  private placeAt(y: number, seen: readonly SeenDay[]): Place | null {
    const one = seen.find(({ top, height }) => top + height > y);
    if (!one) return null;
    const within = y - one.top;
    const block = one.blocks.find(({ top, height }) => top <= within && top + height > within);
    if (!block) return { date: one.day.date, block: -1, within };
    const { index, top, height } = block;
    return { date: one.day.date, block: index, within: within - top, of: height };
  }

  /** Where a place lies now. A day that is gone gives the one that followed. */
  yOf(place: Place): number {
    const index = this.days.findIndex((day) => day.date <= place.date);
    const day = this.days[index];
    if (!day) return this.total;
    let top = this.tops[index] ?? 0;
    if (day.date !== place.date) return top;
    if (place.block < 0) return top + place.within;
    top += this.heading;
    for (let block = 0; block < Math.min(place.block, day.blocks.length); block++) {
      top += this.layoutAt(day, block).height;
    }
    if (!place.of) return top + place.within;
    return top + (place.within / place.of) * this.layoutAt(day, place.block).height;
  }

  /** The row of an image that is known, how far down it lies, and the image's place in it. */
  rowOf(day: Day, id: string): { row: Row; top: number; at: number } | null {
    let top = this.topOf(day.date) + this.heading;
    for (const block of day.blocks) {
      const { rows, height } = this.layout(day, block).rows;
      const slot = block.slots.findIndex((other) => other?.id === id);
      if (slot >= 0) {
        const row = rows.findLast(({ from }) => from <= slot);
        return row ? { row, top: top + row.top, at: slot - row.from } : null;
      }
      top += height;
    }
    return null;
  }

  private seenBlocks(day: Day, from: number, to: number): Seen[] {
    const seen: Seen[] = [];
    let [top, offset, rowsBefore] = [this.heading, 0, 0];
    day.blocks.forEach((block, at) => {
      const { rows, known } = this.layout(day, block);
      if (top + rows.height >= from && top <= to) {
        const inSight = rows.rows.filter(
          (row) => top + row.top + row.height >= from && top + row.top <= to,
        );
        const { height } = rows;
        seen.push({ block, index: at, offset, top, height, rows: inSight, known, rowsBefore });
      }
      top += rows.height;
      offset += block.slots.length;
      rowsBefore += rows.rows.length;
    });
    return seen;
  }

  private layoutAt(day: Day, index: number): Rows {
    const block = day.blocks[index];
    return block ? this.layout(day, block).rows : { rows: [], height: 0 };
  }

  private layout(day: Day, block: Block): Laid {
    const ends = block === day.blocks.at(-1);
    const old = this.laid.get(block);
    if (old?.version === block.version && old.ends === ends) return old;
    const known = block.slots.some((slot) => slot !== null);
    const ratios = block.slots.map((slot) => slot?.ratio ?? this.ratio);
    const rows: Rows = known
      ? rowsOf(ratios, this.style, ends)
      : { rows: [], height: guessedHeight(ratios.length, this.ratio, this.style) };
    const laid = { version: block.version, ends, known, rows };
    this.laid.set(block, laid);
    return laid;
  }

  /** The last day that begins at or above this distance. */
  indexAt(y: number): number {
    let [low, high] = [0, this.tops.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.tops[middle] ?? 0) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

const ENOUGH = 500;

function meanRatio(days: readonly Day[]): number {
  let [sum, count] = [0, 0];
  for (const day of days) {
    for (const block of day.blocks) {
      if (block.slots[0] === null) continue;
      for (const slot of block.slots) {
        if (slot) [sum, count] = [sum + slot.ratio, count + 1];
      }
    }
    if (count > ENOUGH) break;
  }
  return count ? sum / count : 1;
}
