// Changes of images, one or thousands: shown at once, put back when they fail, and undone as one.

import { batch, signal } from "@preact/signals";

import { foresee, type Foreseen } from "./ahead";
import { bulk, newId, Problem, undo } from "./api";
import type { Bulk, BulkAction, Image, Target, Undo } from "./api";
import { said } from "./i18n";
import { putBack, reached } from "./images";
import { applyAll, gone, reload } from "./store";
import { chunksOf } from "./targets";
import { t } from "./texts/actions";
import { tell } from "./ui/Toasts";
import { offer, say, withdraw } from "./undo";

/** All images of a page, most of which it may know nothing of. */
export interface Everything {
  readonly total: number;
  /** Of those that the page knows. */
  known(): string[];
  /** In parts that the server takes at once. */
  targets(): AsyncIterable<Target>;
  /** Shows none of it any more, if that is right when all of it leaves. */
  clear(): void;
}

/** Images by their ids, or all of a page. */
export type Which = readonly string[] | Everything;

export interface Change {
  action: BulkAction;
  more?: { tags?: string[]; value?: boolean };
  /** What becomes of an image. */
  to: (image: Image) => Image;
  /** Whether the images leave the page. */
  leave?: boolean;
  /** For one image alone, and how that is taken back, where it has a way of its own. */
  one?: (id: string) => Promise<Image>;
  back?: (before: Image) => Promise<Image>;
  /** Said when it is done, with an offer to undo it. */
  text?: (n: number) => string;
}

export const isEverything = (which: Which): which is Everything => "targets" in which;
export const sizeOf = (which: Which): number => (isEverything(which) ? which.total : which.length);

let last: Promise<unknown> = Promise.resolve();
/** Changes that the server has not answered yet. */
export const pending = signal(0);

/** Asks the server for one change after the other, as they were made: a later one may be of the same
 * images, or of all that the earlier ones leave. */
export function inTurn<T>(act: () => Promise<T>): Promise<T> {
  pending.value++;
  const mine = last.then(act).finally(() => pending.value--);
  last = mine.catch(() => undefined);
  return mine;
}

export async function change(which: Which, wanted: Change): Promise<void> {
  const size = sizeOf(which);
  if (!size) return;
  const ids = isEverything(which) ? which.known() : which;
  // Before any of it leaves the page.
  const targets = isEverything(which) ? which.targets() : chunksOf(which);
  if (isEverything(which) && wanted.leave) which.clear();
  const shown = foresee(ids, wanted.to, wanted.leave ?? false);
  const [id] = ids;
  const { one } = wanted;
  const single = one !== undefined && !isEverything(which) && size === 1 && id !== undefined;
  const sayOfIt = (text: string): void => say(entry, text);
  const work = inTurn<string[] | null>(() =>
    single ? alone(one(id), shown, sayOfIt) : many(targets, size, wanted, shown, sayOfIt),
  );
  const before = single ? shown.before[0] : undefined;
  let isDone = false;
  const entry = offer(async () => {
    if (!isDone && !single) tell(t.undoing);
    // Its turn is taken at once: what is undone next is to wait for it.
    await inTurn(async () => {
      const ops = await work.catch(() => undefined);
      // What failed was put back already.
      if (ops === undefined) return;
      await (ops ? undoAll(ops, shown) : undoOne(before, wanted, shown));
      if (isEverything(which)) reload();
    });
  }, wanted.text?.(size));
  try {
    await work;
    isDone = true;
    if (shown.isPartial || isEverything(which)) reload();
  } catch (error) {
    withdraw(entry);
    shown.putBack();
    if (isEverything(which)) reload();
    if (single && problemOf(error).status === 404) gone(id);
    tell(t.failed(size, size, said(problemOf(error))));
  }
}

// -- at the server --------------------------------------------------------------------------------

/** One that no good answer came to may be done all the same: it can be undone, and the lists are
 * asked again. */
async function alone(
  changed: Promise<Image>,
  shown: Foreseen,
  sayOfIt: (text: string) => void,
): Promise<null> {
  try {
    applyAll([await changed]);
  } catch (error) {
    if (!problemOf(error).leavesOpen) throw error;
    shown.putBack();
    reload();
    sayOfIt(t.unsure(1, 1, said(problemOf(error))));
  }
  return null;
}

/** Gives the operations to undo it by. What part of it fails is put back and said. One whose answer
 * was lost may be done all the same: it is undone as well, and the lists tell what is. */
async function many(
  targets: AsyncIterable<Target> | Iterable<Target>,
  size: number,
  { action, more }: Change,
  shown: Foreseen,
  sayOfIt: (text: string) => void,
): Promise<string[]> {
  const ops: string[] = [];
  const failed = new Map<string, string>();
  const open = new Set(shown.before.map(({ id }) => id));
  let [total, isLost] = [0, false];
  try {
    for await (const target of targets) {
      const op = newId();
      const report = await bulk(op, action, target, more).catch((error: unknown) => {
        isLost = problemOf(error).leavesOpen;
        if (isLost) ops.push(op);
        throw error;
      });
      ops.push(op);
      total += report.total;
      for (const { id } of report.outcomes) open.delete(id);
      batch(() => takeIn(report, failed));
    }
  } catch (error) {
    if (!ops.length) throw error;
    shown.putBack(open);
    reload();
    const why = said(problemOf(error));
    if (isLost) sayOfIt(t.unsure(size - total, size, why));
    else tell(t.failed(size - total, size, why));
  }
  if (failed.size) {
    shown.putBack(new Set(failed.keys()));
    tell(t.failed(failed.size, total, reasonOf([...failed.values()])));
  }
  return ops;
}

function takeIn(report: Bulk, failed: Map<string, string>): void {
  for (const { id, outcome, rev, code } of report.outcomes) {
    if (outcome === "not_found") gone(id);
    if (outcome === "done" && rev !== null) reached(id, rev);
    if (outcome === "failed") failed.set(id, code ?? "failed");
  }
}

function reasonOf([code = "failed"]: string[]): string {
  if (code === "too_many_tags") return t.tooManyTags;
  return code === "changed" ? t.changed : said(new Problem(0, code, ""));
}

const problemOf = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem(0, "failed", String(error));

// -- and back -------------------------------------------------------------------------------------

async function undoOne(
  before: Image | undefined,
  { back, leave }: Change,
  shown: Foreseen,
): Promise<void> {
  if (!before || !back) return;
  const again = foresee([before.id], () => before, leave ?? false);
  try {
    // Nothing may have been done: then the answer is of the revision that is known.
    applyAll([await back(before)], putBack);
    if (shown.isPartial) reload();
  } catch (error) {
    again.putBack();
    throw error;
  }
}

async function undoAll(ops: readonly string[], shown: Foreseen): Promise<void> {
  const old = new Map(shown.before.map((image) => [image.id, image]));
  const again = foresee([...old.keys()], (image) => old.get(image.id) ?? image, false);
  let [total, undone] = [0, 0];
  const others = new Set(old.keys());
  try {
    for (const op of ops.toReversed()) {
      const report = await undoIfAny(op);
      if (!report) continue;
      for (const { id, outcome, rev } of report.outcomes) {
        if (outcome !== "undone") continue;
        others.delete(id);
        if (rev !== null) reached(id, rev);
      }
      total += report.undone + report.changed + report.gone + report.failed;
      undone += report.undone;
    }
  } catch (error) {
    again.putBack();
    throw error;
  }
  if (others.size) again.putBack(others);
  if (undone === total) tell(total ? t.undone : t.nothingToUndo);
  else tell(t.undonePartly(undone, total));
  if (shown.isPartial || undone !== total) reload();
}

/** Null where the server knows of no such operation: one whose answer was lost may never have come
 * to it. */
function undoIfAny(op: string): Promise<Undo | null> {
  return undo(op).catch((error: unknown) => {
    if (problemOf(error).code === "unknown_operation") return null;
    throw error;
  });
}
