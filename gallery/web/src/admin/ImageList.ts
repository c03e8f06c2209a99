// The images that were asked for, a page after the other.

import { signal } from "@preact/signals";

import type { Image, Page, Problem } from "../api";
import { problemOf } from "./answer";

export class ImageList {
  readonly items = signal<readonly Image[]>([]);
  /** Null as long as the server has not said it, and when it does not know. */
  readonly total = signal<number | null>(null);
  /** Where the next page begins: empty for the first, null after the last. */
  readonly cursor = signal<string | null>("");
  readonly problem = signal<Problem | null>(null);
  readonly isAsking = signal(false);
  private readonly asking = new AbortController();

  constructor(private readonly ask: (cursor: string, signal: AbortSignal) => Promise<Page>) {}

  readonly more = async (): Promise<void> => {
    const cursor = this.cursor.peek();
    const { signal } = this.asking;
    if (cursor === null || this.isAsking.peek()) return;
    this.isAsking.value = true;
    try {
      const page = await this.ask(cursor, signal);
      this.items.value = [...this.items.peek(), ...page.items];
      this.total.value = page.total;
      this.cursor.value = page.next_cursor;
      this.problem.value = null;
    } catch (error) {
      if (!signal.aborted) this.problem.value = problemOf(error);
    }
    this.isAsking.value = false;
  };

  /** An image has changed. Several owners may have its id. */
  replace(image: Image): void {
    const isIt = ({ id, owner }: Image): boolean => id === image.id && owner === image.owner;
    this.items.value = this.items.peek().map((one) => (isIt(one) ? image : one));
  }

  stop(): void {
    this.asking.abort();
  }
}
