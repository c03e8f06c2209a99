// Files on their way: three at a time, and what became of each.
//
// While nobody answers, or the storage is away, all of them wait and go on by themselves. Each
// keeps its key through all tries, so none becomes two images.

import { computed, signal } from "@preact/signals";

import { newId, Problem, type Image, type Kind, type Sending } from "../api";

export type State = "waiting" | "sending" | "done" | "failed";

export interface Job {
  readonly id: number;
  readonly file: File;
  readonly kind: Kind;
  state: State;
  sent: number;
  problem: Problem | null;
}

export interface World {
  check: (file: File) => Promise<void>;
  send: (sending: Sending) => Promise<Image>;
  /** Whether the server answers anything at all. */
  isThere: () => Promise<boolean>;
  finished: (image: Image) => void;
}

const AT_ONCE = 3;
const TRIES = 3;
const [FIRST_WAIT, LONGEST_WAIT] = [1, 30];
/** What passes by itself: no answer, or that of somebody who is busy or away. */
const PASSING = [0, 408, 429, 502, 503, 504];

export class Queue {
  readonly jobs = signal<readonly Job[]>([]);
  /** Why all are waiting. */
  readonly held = signal<Problem | null>(null);
  readonly left = computed(() => this.count("waiting") + this.count("sending"));
  readonly failed = computed(() => this.count("failed"));
  readonly done = computed(() => this.count("done"));
  private readonly keys = new Map<number, string>();
  private readonly tries = new Map<number, number>();
  private readonly stops = new Map<number, AbortController>();
  private wait = FIRST_WAIT;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private next = 1;

  constructor(private readonly world: World) {}

  add(files: Iterable<File>, kind: Kind): void {
    const added = Array.from(files, (file): Job => {
      const id = this.next++;
      this.keys.set(id, newId());
      return { id, file, kind, state: "waiting", sent: 0, problem: null };
    });
    this.jobs.value = [...this.jobs.peek(), ...added];
    this.go();
  }

  retry(ids: Iterable<number>): void {
    for (const id of ids) {
      this.tries.delete(id);
      this.set(id, { state: "waiting", sent: 0, problem: null });
    }
    this.resume();
  }

  /** Takes it from the list, wherever it is. */
  drop(ids: Iterable<number>): void {
    const dropped = new Set(ids);
    this.jobs.value = this.jobs.peek().filter(({ id }) => !dropped.has(id));
    for (const id of dropped) {
      this.stops.get(id)?.abort();
      this.keys.delete(id);
      this.tries.delete(id);
    }
    if (!this.left.peek()) this.release();
    this.go();
  }

  /** There is reason to think that the server is there again. */
  resume(): void {
    this.release();
    this.go();
  }

  private release(): void {
    clearTimeout(this.timer);
    this.held.value = null;
  }

  private go(): void {
    if (this.held.peek()) return;
    const waiting = this.jobs.peek().filter(({ state }) => state === "waiting");
    for (const job of waiting.slice(0, AT_ONCE - this.stops.size)) void this.transfer(job);
  }

  private async transfer({ id, file, kind }: Job): Promise<void> {
    const stop = new AbortController();
    this.stops.set(id, stop);
    this.set(id, { state: "sending", sent: 0, problem: null });
    try {
      await this.world.check(file);
      stop.signal.throwIfAborted();
      const key = this.keys.get(id) ?? newId();
      const onProgress = (sent: number, of: number): void => this.set(id, { sent: sent / of });
      const image = await this.world.send({ kind, file, key, signal: stop.signal, onProgress });
      this.wait = FIRST_WAIT;
      this.set(id, { state: "done", sent: 1 });
      this.world.finished(image);
    } catch (error) {
      if (!stop.signal.aborted) await this.refused(id, error);
    } finally {
      this.stops.delete(id);
      this.go();
    }
  }

  private async refused(id: number, error: unknown): Promise<void> {
    const problem = error instanceof Problem ? error : new Problem(0, "failed", String(error));
    if (!PASSING.includes(problem.status) || problem.code === "failed") {
      this.set(id, { state: "failed", problem });
      return;
    }
    // A body that is refused, or a file that changed, looks like a server that is gone.
    const tries = (this.tries.get(id) ?? 0) + 1;
    if (problem.isOffline && (await this.world.isThere())) {
      this.tries.set(id, tries);
      if (tries >= TRIES) {
        this.set(id, { state: "failed", problem: new Problem(0, "broken_off", "") });
        return;
      }
    }
    this.set(id, { state: "waiting", sent: 0 });
    this.hold(problem);
  }

  private hold(problem: Problem): void {
    if (this.held.peek()) return;
    this.held.value = problem;
    const seconds = problem.retrySeconds ?? this.wait;
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
    this.timer = setTimeout(() => this.resume(), seconds * 1000);
  }

  private set(id: number, change: Partial<Job>): void {
    this.jobs.value = this.jobs.peek().map((job) => (job.id === id ? { ...job, ...change } : job));
  }

  private count(state: State): number {
    return this.jobs.value.filter((job) => job.state === state).length;
  }
}
