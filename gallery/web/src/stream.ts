// The server's events as they come. After a break it goes on where it was: an EventSource does
// so by itself while it is answered at all, and this where it gives up.

export type Told = { open: boolean } | { name: string; data: string };

const NAMES = ["put", "edit", "trash", "restore", "purge", "load", "reset"];
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;

export class Stream {
  isOpen = false;
  private source: EventSource | null = null;
  private last = "";
  /** Whether there was one before, of which something may have been missed since. */
  private hasBegun = false;
  private wait = FIRST_WAIT;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly tell: (told: Told) => void) {}

  start(): void {
    if (this.source) return;
    const query = this.last ? `?since=${encodeURIComponent(this.last)}` : "";
    const source = new EventSource(`/api/v1/events${query}`);
    this.source = source;
    let isNew = true;
    source.onopen = () => {
      this.wait = FIRST_WAIT;
      this.say(true);
      // Without a place to go on from, what was missed is not told.
      if (isNew && !query && this.hasBegun) this.tell({ name: "reset", data: "{}" });
      this.hasBegun = true;
      isNew = false;
    };
    source.onerror = () => {
      this.say(false);
      if (source.readyState === EventSource.CLOSED) this.again();
    };
    for (const name of NAMES) {
      source.addEventListener(name, (event: MessageEvent<string>) => {
        this.last = event.lastEventId || this.last;
        this.tell({ name, data: event.data });
      });
    }
  }

  stop(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.isOpen = false;
  }

  /** As somebody else, whose events those before are not. */
  restart(): void {
    this.stop();
    this.last = "";
    this.start();
  }

  private again(): void {
    this.stop();
    this.timer = setTimeout(() => this.start(), this.wait);
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
  }

  private say(open: boolean): void {
    if (this.isOpen === open) return;
    this.isOpen = open;
    this.tell({ open });
  }
}
