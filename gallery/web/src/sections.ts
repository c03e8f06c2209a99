// Images in sections that follow upon each other, as a timeline shows them: those of a listing
// by the days that they were made, those of the trash by the days that they are let go.

import { signal } from "@preact/signals";

import type { Image, Me, Problem, Target } from "./api";
import { Day } from "./layout/day";
import type { Span } from "./planning";

export abstract class Sections {
  readonly days = signal<readonly Day[]>([]);
  /** Grows with every change of a section. */
  readonly version = signal(0);
  readonly state = signal<"loading" | "ready" | "failed">("loading");
  readonly problem = signal<Problem | null>(null);

  abstract readonly total: number;
  /** Whether its sections are days in the past, to which one may want to go. */
  readonly isDated: boolean = true;
  /** Loads what it has to know first; again, it takes over what changed. */
  abstract load(): Promise<void>;
  /** Asks for what is not known of these. */
  abstract look(spans: Span[]): void;
  /** The id at a place among all; asked for if it is not known. */
  abstract idAt(index: number): Promise<string | null>;
  abstract belongs(image: Image): boolean;
  /** All of it as it is now, in parts that the server takes at once, but some, which have the
   * days they stand in. */
  abstract targets(except: ReadonlyMap<string, string>): AsyncIterable<Target>;
  /** Of all of it, if that is known. */
  abstract bytes(me: Me | null): number | null;
  /** What a section is called. */
  abstract nameOf(day: Day): string;

  has(id: string): boolean {
    return this.dayWith(id) !== undefined;
  }

  dayWith(id: string): Day | undefined {
    return this.days.peek().find((day) => day.has(id));
  }

  /** The place of an image among all, from 0; -1 if it is not known. */
  indexOf(id: string): number {
    let before = 0;
    for (const day of this.days.peek()) {
      if (day.has(id)) return before + day.offsetOf(id);
      before += day.count;
    }
    return -1;
  }

  /** The id at a place among all, if it is known. */
  at(index: number): string | null {
    let rest = index;
    for (const day of this.days.peek()) {
      if (rest < day.count) return day.at(rest)?.id ?? null;
      rest -= day.count;
    }
    return null;
  }

  /** The ids that are known. */
  ids(): string[] {
    return this.days.peek().flatMap((day) => {
      const slots = Array.from(day.slots());
      return slots.filter((slot) => slot !== null).map(({ id }) => id);
    });
  }

  remove(id: string): void {
    const day = this.dayWith(id);
    if (!day?.remove(id)) return;
    if (!day.count) this.days.value = this.days.peek().filter((other) => other !== day);
    this.changed();
  }

  removeAll(ids: ReadonlySet<string>): void {
    const found = this.days.peek().filter((day) => day.removeAll(ids));
    if (!found.length) return;
    this.days.value = this.days.peek().filter((day) => day.count);
    this.changed();
  }

  /** Shows none of it any more, until it is loaded again. */
  clear(): void {
    this.days.value = [];
    this.changed();
  }

  /** The section of a date, made if there is none. */
  protected section(date: string): Day {
    const days = this.days.peek();
    const found = days.find((other) => other.date === date);
    if (found) return found;
    const day = new Day(date, 0);
    const at = days.findIndex((other) => other.date < date);
    this.days.value = days.toSpliced(at < 0 ? days.length : at, 0, day);
    return day;
  }

  /** Images that have a place. None has before the first version. */
  get placed(): number {
    return this.version.value ? this.days.value.reduce((sum, { count }) => sum + count, 0) : 0;
  }

  protected changed(): void {
    this.version.value++;
  }
}

/** The page of images that is there. */
export const present = signal<Sections | null>(null);
