// Few requests at a time, in the order in which they were asked for.

export class Limited {
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(private readonly most: number) {}

  /** Runs it when there is room. What was given up meanwhile takes none. */
  async run<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.running >= this.most) await new Promise<void>((go) => this.waiting.push(go));
    else this.running++;
    try {
      signal.throwIfAborted();
      return await act();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}
