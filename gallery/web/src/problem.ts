/** What the server refused, or why it could not be asked: `offline` is no answer at all. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly retrySeconds: number | null = null,
  ) {
    super(detail);
  }

  get isOffline(): boolean {
    return this.code === "offline";
  }

  /** Whether what was asked for may be done all the same, wholly or in part. */
  get leavesOpen(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

/** An answer that was cut off on its way, or that somebody in between gave. */
export const NOT_WHOLE = new Problem(0, "offline", "no whole answer");
