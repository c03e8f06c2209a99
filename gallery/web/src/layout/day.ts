// The images of one day, as far as they are known: slots in the list's order, newest first.
//
// The timeline says how many images a day has, so every image has its slot before anything of
// it is known. Slots stand in blocks that keep to themselves: what is inserted or removed
// changes one block, and leaves the rows of all others as they are.

export interface Slot {
  id: string;
  /** Width by height. */
  ratio: number;
  /** When it was made, in milliseconds. */
  at: number;
}

export const BLOCK = 200;
const MOST = 1.5 * BLOCK;

export interface Block {
  slots: (Slot | null)[];
  /** Grows with every change. */
  version: number;
}

export class Day {
  blocks: Block[] = [];
  version = 0;
  /** Pages of it, from 1, of which what is known may be old. */
  readonly stale = new Set<number>();
  count = 0;
  private readonly known = new Set<string>();

  constructor(
    readonly date: string,
    count: number,
  ) {
    this.reset(count);
  }

  /** Forgets all images, and has so many slots. */
  reset(count: number): void {
    this.known.clear();
    this.stale.clear();
    this.count = count;
    this.blocks = [];
    for (let from = 0; from < count; from += BLOCK) {
      const slots = new Array<Slot | null>(Math.min(BLOCK, count - from)).fill(null);
      this.blocks.push({ slots, version: 0 });
    }
    this.version++;
  }

  /** Whether there are places of which nothing is known. */
  get hasHoles(): boolean {
    return this.known.size < this.count;
  }

  has(id: string): boolean {
    return this.known.has(id);
  }

  at(offset: number): Slot | null {
    const found = this.find(offset);
    return found ? (found[0].slots[found[1]] ?? null) : null;
  }

  /** The place of an image among those of the day; -1 if it is not known. */
  offsetOf(id: string): number {
    if (!this.known.has(id)) return -1;
    let before = 0;
    for (const { slots } of this.blocks) {
      const index = slots.findIndex((slot) => slot?.id === id);
      if (index >= 0) return before + index;
      before += slots.length;
    }
    return -1;
  }

  /** Puts what the server listed from an offset on. What stood elsewhere until now leaves a hole
   * there, which is asked for again when somebody looks at it. */
  fill(offset: number, items: readonly Slot[]): void {
    items.forEach((item, index) => {
      const found = this.find(offset + index);
      if (!found) return;
      const [block, within] = found;
      const old = block.slots[within];
      if (old?.id !== item.id) {
        if (this.known.has(item.id)) this.vacate(item.id);
        if (old) this.known.delete(old.id);
      }
      block.slots[within] = item;
      this.known.add(item.id);
      this.touch(block);
    });
  }

  /** A new image, where its time belongs. */
  insert(item: Slot): void {
    if (this.known.has(item.id)) return;
    this.known.add(item.id);
    const [block, within] = this.placeFor(item.at);
    block.slots.splice(within, 0, item);
    this.count++;
    this.touch(block);
    if (block.slots.length > MOST) this.split(block);
  }

  remove(id: string): boolean {
    if (!this.known.delete(id)) return false;
    for (const block of this.blocks) {
      const index = block.slots.findIndex((slot) => slot?.id === id);
      if (index < 0) continue;
      block.slots.splice(index, 1);
      this.count--;
      this.touch(block);
      if (!block.slots.length) this.blocks = this.blocks.filter((other) => other !== block);
    }
    return true;
  }

  /** Gives whether any of them was there. */
  removeAll(ids: ReadonlySet<string>): boolean {
    if (![...ids].some((id) => this.known.has(id))) return false;
    for (const block of this.blocks) {
      const kept = block.slots.filter((slot) => !slot || !ids.has(slot.id));
      if (kept.length === block.slots.length) continue;
      for (const slot of block.slots) if (slot && ids.has(slot.id)) this.known.delete(slot.id);
      this.count -= block.slots.length - kept.length;
      block.slots = kept;
      this.touch(block);
    }
    this.blocks = this.blocks.filter(({ slots }) => slots.length);
    return true;
  }

  *slots(): Iterable<Slot | null> {
    for (const block of this.blocks) yield* block.slots;
  }

  private find(offset: number): [Block, number] | null {
    let rest = offset;
    for (const block of this.blocks) {
      if (rest < block.slots.length) return [block, rest];
      rest -= block.slots.length;
    }
    return null;
  }

  private placeFor(at: number): [Block, number] {
    for (const block of this.blocks) {
      const index = block.slots.findIndex((slot) => slot !== null && slot.at < at);
      if (index >= 0) return [block, index];
    }
    // Older than all that is known: before the first hole, or at the very end.
    for (const block of this.blocks) {
      const hole = block.slots.indexOf(null);
      if (hole >= 0) return [block, hole];
    }
    const last = this.blocks.at(-1);
    if (last) return [last, last.slots.length];
    const block: Block = { slots: [], version: 0 };
    this.blocks.push(block);
    return [block, 0];
  }

  private vacate(id: string): void {
    for (const block of this.blocks) {
      const index = block.slots.findIndex((slot) => slot?.id === id);
      if (index >= 0) {
        block.slots[index] = null;
        this.touch(block);
      }
    }
  }

  private split(block: Block): void {
    const rest: Block = { slots: block.slots.splice(BLOCK), version: 0 };
    this.blocks.splice(this.blocks.indexOf(block) + 1, 0, rest);
    this.touch(block);
  }

  private touch(block: Block): void {
    block.version++;
    this.version++;
  }
}
