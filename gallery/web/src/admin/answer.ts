// What was asked of the server for a part of the page: its value, or why there is none.

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";

import { Problem } from "../api";

export const problemOf = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem(0, "failed", String(error));

export class Answer<T> {
  readonly value = signal<T | null>(null);
  readonly problem = signal<Problem | null>(null);
  readonly isAsking = signal(true);
  private asking = new AbortController();

  constructor(private readonly ask: (signal: AbortSignal) => Promise<T>) {}

  /** Asks again. What was there stays until there is something newer. */
  readonly load = async (): Promise<void> => {
    this.stop();
    const { signal } = (this.asking = new AbortController());
    this.isAsking.value = true;
    try {
      const value = await this.ask(signal);
      if (signal.aborted) return;
      this.value.value = value;
      this.problem.value = null;
    } catch (error) {
      if (signal.aborted) return;
      this.problem.value = problemOf(error);
    }
    this.isAsking.value = false;
  };

  stop(): void {
    this.asking.abort();
  }
}

/** Asked when the component appears, and again when the question is another: what was answered
 * stays until then. */
export function useAnswer<T>(ask: (signal: AbortSignal) => Promise<T>, question = ""): Answer<T> {
  const latest = useRef(ask);
  latest.current = ask;
  const [answer] = useState(() => new Answer((signal) => latest.current(signal)));
  useEffect(() => {
    void answer.load();
    return () => answer.stop();
  }, [answer, question]);
  return answer;
}
