// What was done lately and can be taken back: by the button of its toast, or by Ctrl+Z.

import { Problem } from "./api";
import { said, t } from "./i18n";
import { t as texts } from "./texts/actions";
import { attempt, tell } from "./ui/Toasts";

export interface Done {
  undo: () => Promise<unknown>;
  /** Takes its toast away. */
  hush: () => void;
}

const MOST = 50;
/** No answer, or that of somebody who is away for now: what was to be undone still can be. */
const PASSING = [0, 429, 502, 503, 504];
let done: readonly Done[] = [];

/** Remembers how something is taken back. With a text, that is offered in a toast as well. */
export function offer(undo: () => Promise<unknown>, text?: string): Done {
  const entry: Done = { undo, hush: () => undefined };
  done = [...done.slice(1 - MOST), entry];
  if (text) say(entry, text);
  return entry;
}

/** Says this of it in place of what was said, with the way back. Whoever went back already is told
 * how that ends. */
export function say(entry: Done, text: string): void {
  if (!done.includes(entry)) return;
  entry.hush();
  entry.hush = tell(text, t.undo, () => void takeBack(entry));
}

/** It did not happen after all. */
export function withdraw(entry: Done): void {
  done = done.filter((other) => other !== entry);
  entry.hush();
}

async function takeBack(entry: Done): Promise<void> {
  if (!done.includes(entry)) return;
  withdraw(entry);
  await attempt(async () => {
    try {
      await entry.undo();
    } catch (error) {
      if (!(error instanceof Problem && PASSING.includes(error.status))) throw error;
      done = [...done, entry];
      say(entry, said(error));
    }
  });
}

export async function undoLast(): Promise<void> {
  const last = done.at(-1);
  if (last) await takeBack(last);
  else tell(texts.nothingToUndo);
}
