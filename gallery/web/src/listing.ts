// The images of one kind that match some filters, by days: what the timeline shows.
//
// Days and counts come at once, images when they are looked at; holes are asked for again.

import {
  getImages,
  getTimeline,
  Problem,
  type Filters,
  type Image,
  type Kind,
  type ListQuery,
  type Me,
  type Target,
} from "./api";
import { imageOf, remember } from "./images";
import { Day, type Slot } from "./layout/day";
import { ratioOf } from "./layout/rows";
import { dayOf, matches } from "./matching";
import { nameOf, pagesOf, plan, SIZE, type Span, type Wanted } from "./planning";
import { makeRoom } from "./room";
import { Sections } from "./sections";
import { partsOf, targetsOf } from "./targets";
import { dateName } from "./timeline/names";

const AT_ONCE = 3;
const TRIES = 3;
const COUNT_MS = 500;

export class Listing extends Sections {
  private readonly closing = new AbortController();
  private queue: Wanted[] = [];
  private readonly asking = new Set<string>();
  private looked: Span[] = [];
  /** How often a question was asked, and the answer was not what the days had said. */
  private readonly vain = new Map<string, number>();
  private counting: ReturnType<typeof setTimeout> | undefined;
  /** How often the days were asked for, and which of these answers was taken in last. */
  private loads = 0;
  private taken = 0;
  /** Grows with every image of the kind that is told of. */
  private news = 0;

  constructor(
    readonly kind: Kind,
    readonly filters: Filters,
  ) {
    super();
  }

  get total(): number {
    return this.placed;
  }

  /** Loads the days; again, it takes over what changed and keeps all images that are known. */
  async load(): Promise<void> {
    const [load, news] = [++this.loads, this.news];
    try {
      const counts = await getTimeline(this.kind, this.filters, this.closing.signal);
      if (load < this.taken) return;
      this.taken = load;
      const old = new Map(this.days.peek().map((day) => [day.date, day]));
      this.days.value = counts.map(({ date, count }) => {
        const day = old.get(date) ?? new Day(date, count);
        if (day.count !== count) day.reset(count);
        return day;
      });
      [this.state.value, this.problem.value] = ["ready", null];
      this.changed();
      // Whether what was told meanwhile is among these, nobody knows.
      if (news !== this.news) this.loadSoon();
    } catch (error) {
      this.failed(error);
    }
  }

  /** Everything may be another than it was: the days, and what is looked at, are asked for again.
   * What one sees stays until the answers are there. */
  async reload(): Promise<void> {
    this.vain.clear();
    for (const day of this.days.peek())
      pagesOf(0, day.count).forEach((page) => day.stale.add(page));
    await this.load();
  }

  close(): void {
    clearTimeout(this.counting);
    this.closing.abort();
  }

  // -- what is looked at ------------------------------------------------------------------------

  /** Asks for what is not known of these; what was wanted before, and is not yet asked for, is
   * wanted no more. */
  look(spans: Span[]): void {
    this.looked = spans;
    this.queue = plan(spans, (day, from, to) => this.lacks(day, from, to));
    this.next();
  }

  private lacks(day: Day, from: number, to: number): boolean {
    if (pagesOf(from, to).some((page) => day.stale.has(page))) return true;
    for (let offset = from; offset < Math.min(to, day.count); offset++) {
      const slot = day.at(offset);
      if (!slot || !imageOf(slot.id)) return true;
    }
    return false;
  }

  private next(): void {
    while (this.asking.size < AT_ONCE) {
      const wanted = this.queue.shift();
      if (!wanted) return;
      const name = nameOf(wanted);
      if (this.asking.has(name) || (this.vain.get(name) ?? 0) >= TRIES) continue;
      this.asking.add(name);
      void this.ask(wanted).finally(() => {
        this.asking.delete(name);
        this.next();
      });
    }
  }

  private async ask(wanted: Wanted): Promise<void> {
    const { first, last, page, days } = wanted;
    const query: ListQuery & Filters = { ...this.filters, kind: this.kind, page, size: SIZE };
    try {
      const found = await getImages(
        { ...query, from_date: first, to_date: last },
        this.closing.signal,
      );
      const byDay = Map.groupBy(this.still(found.items), (image) => dayOf(image.created_at));
      const isAll = found.next_cursor === null;
      let differs = days.length > 1 && !isAll;
      for (const day of days) {
        const items = byDay.get(day.date) ?? [];
        const from = (page - 1) * SIZE;
        day.fill(from, items.map(slotOf));
        day.stale.delete(page);
        differs ||= isAll ? from + items.length !== day.count : from + items.length > day.count;
      }
      this.problem.value = null;
      this.changed();
      makeRoom(this.days.peek(), this.looked);
      if (differs) {
        this.vain.set(nameOf(wanted), (this.vain.get(nameOf(wanted)) ?? 0) + 1);
        await this.load();
      }
    } catch (error) {
      this.failed(error);
    }
  }

  /** What was listed but for images of which something newer is known, and they left. */
  private still(listed: readonly Image[]): Image[] {
    return listed.flatMap((image) => {
      const now = remember(image);
      return now === image || this.belongs(now) ? [now] : [];
    });
  }

  private failed(error: unknown): void {
    if (this.closing.signal.aborted) return;
    this.problem.value = error instanceof Problem ? error : new Problem(0, "failed", String(error));
    if (this.state.peek() === "loading") this.state.value = "failed";
    this.queue = [];
  }

  // -- what happens -----------------------------------------------------------------------------

  belongs(image: Image): boolean {
    return image.status === "active" && image.kind === this.kind && matches(image, this.filters);
  }

  /** Shows an image where it belongs, or no longer, if it doesn't. */
  put(image: Image): void {
    this.vain.clear();
    if (image.kind === this.kind) this.news++;
    const date = dayOf(image.created_at);
    if (image.kind === this.kind && !this.has(image.id)) this.countSoon(date);
    if (!this.belongs(image)) {
      this.remove(image.id);
      return;
    }
    const day = this.section(date);
    if (day.has(image.id)) return;
    day.insert(slotOf(image));
    this.changed();
  }

  /** Where images of a day are known by their number alone, that is asked for again, once for many
   * changes: nobody can tell whether this one was among them. */
  private countSoon(date: string): void {
    if (this.days.peek().some((day) => day.date === date && day.hasHoles)) this.loadSoon();
  }

  loadSoon(): void {
    this.counting ??= setTimeout(() => {
      this.counting = undefined;
      void this.load();
    }, COUNT_MS);
  }

  // -- all of it --------------------------------------------------------------------------------

  /** The id at a place among all; asked for if it is not known. */
  async idAt(index: number): Promise<string | null> {
    let rest = index;
    for (const day of this.days.peek()) {
      if (rest < 0) return null;
      if (rest < day.count) {
        const slot = day.at(rest);
        if (slot && imageOf(slot.id)) return slot.id;
        await this.ask({
          first: day.date,
          last: day.date,
          page: Math.floor(rest / SIZE) + 1,
          days: [day],
        });
        return day.at(rest)?.id ?? null;
      }
      rest -= day.count;
    }
    return null;
  }

  /** The images of days of which some are left out are named. */
  targets(except: ReadonlyMap<string, string>): AsyncIterable<Target> {
    const days = this.days.peek().map(({ date, count }) => ({ date, count }));
    return targetsOf(this.kind, this.filters, partsOf(days, new Set(except.values())), except);
  }

  bytes(me: Me | null): number | null {
    const counts = me?.counts[this.kind];
    // What is in the trash counts there as well.
    return counts && !counts.trash && !Object.keys(this.filters).length ? counts.bytes : null;
  }

  nameOf({ date }: Day): string {
    return dateName(date);
  }
}

function slotOf(image: Image): Slot {
  return {
    id: image.id,
    ratio: ratioOf(image.width, image.height),
    at: Date.parse(image.created_at),
  };
}
