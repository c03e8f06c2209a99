// Which images of the page are selected: some by their ids, or all of them but some. It stays
// while one scrolls, and ends with the page.

import { computed, effect, signal } from "@preact/signals";

import { Problem, type Image } from "../api";
import type { Everything, Which } from "../changes";
import { imageOf } from "../images";
import type { Day } from "../layout/day";
import { dayOf } from "../matching";
import { present, type Sections } from "../sections";
import { fresh, me, watch } from "../store";

/** With their bytes, where those are known. */
type Picked = ReadonlyMap<string, number | null>;

const picked = signal<Picked>(new Map());
/** If all others are selected: the ones that are not, with the days that they stand in. */
const left = signal<ReadonlyMap<string, string> | null>(null);
/** Where a range begins. */
let anchor: string | null = null;

export const isSelected = (id: string): boolean =>
  left.value ? !left.value.has(id) : picked.value.has(id);

export const count = computed(() => {
  const list = present.value;
  if (!left.value || !list) return picked.value.size;
  return Math.max(0, list.total - left.value.size);
});
export const isSelecting = computed(() => count.value > 0);
export const isAll = computed(() => left.value?.size === 0);

/** Of all that is selected; null if it is not known of every one. */
export const bytes = computed(() => {
  const list = present.value;
  if (left.value && list) return left.value.size ? null : list.bytes(me.value);
  let sum = 0;
  for (const size of picked.value.values()) {
    if (size === null) return null;
    sum += size;
  }
  return sum;
});

/** What is selected, for `actions.ts`. */
export function chosen(): Which {
  const list = present.peek();
  if (!left.peek() || !list) return [...picked.peek().keys()];
  return everything(list, new Map(left.peek()), count.peek());
}

/** New images that wait to be shown were not meant. */
function everything(list: Sections, except: Map<string, string>, total: number): Everything {
  const isWhole = !except.size;
  for (const { id, created_at } of fresh.peek()) except.set(id, dayOf(created_at));
  return {
    total,
    known: () => list.ids().filter((id) => !except.has(id)),
    targets: () => list.targets(except),
    clear: () => isWhole && list.clear(),
  };
}

/** The ids of what is selected now, where there are not too many to name; none when their page was
 * left meanwhile. */
export async function chosenIds(most: number): Promise<string[] | null> {
  if (count.peek() > most) return null;
  const list = present.peek();
  const except = left.peek();
  if (!except || !list) return [...picked.peek().keys()];
  const ids = await idsBetween(list, 0, list.total);
  if (present.peek() !== list) return [];
  return ids.filter((id) => !except.has(id));
}

// -- changes of it --------------------------------------------------------------------------------

export function toggle(id: string): void {
  anchor = id;
  put([id], !isSelected(id));
}

/** Selects these, or no longer. */
export function put(ids: Iterable<string>, on: boolean): void {
  if (left.peek()) {
    const next = new Map(left.peek());
    for (const id of ids) {
      if (on) next.delete(id);
      else next.set(id, dayIn(id));
    }
    left.value = next;
    return;
  }
  const next = new Map(picked.peek());
  for (const id of ids) {
    if (on) next.set(id, imageOf(id)?.bytes ?? next.get(id) ?? null);
    else next.delete(id);
  }
  picked.value = next;
}

/** The list knows it even of an image that was let go to make room. */
const dayIn = (id: string): string =>
  present.peek()?.dayWith(id)?.date ?? dayOf(imageOf(id)?.created_at ?? Date.now());

export function selectAll(): void {
  if (!present.peek()?.total) return;
  picked.value = new Map();
  left.value = new Map();
}

export function selectNone(): void {
  if (picked.peek().size) picked.value = new Map();
  if (left.peek()) left.value = null;
  anchor = null;
}

/** From the image that was selected last to this one, with all between, known or not. */
export async function selectTo(id: string): Promise<void> {
  const list = present.peek();
  const [from, to] = [anchor ? (list?.indexOf(anchor) ?? -1) : -1, list?.indexOf(id) ?? -1];
  if (!list || from < 0 || to < 0) {
    put([id], true);
    anchor = id;
    return;
  }
  const ids = await idsBetween(list, Math.min(from, to), Math.max(from, to) + 1);
  if (present.peek() === list) put(ids, true);
}

/** A range begins here, unless it goes on from another image. */
export function beginAt(id: string): void {
  if (!anchor || !isSelected(id)) anchor = id;
}

/** All of a day, or none of it if all of it was selected. */
export async function toggleDay(day: Day): Promise<void> {
  const list = present.peek();
  if (!list) return;
  const on = !isWhole(day);
  const before = list.days.peek().indexOf(day);
  const from = list.days
    .peek()
    .slice(0, before)
    .reduce((sum, other) => sum + other.count, 0);
  const ids = await idsBetween(list, from, from + day.count);
  if (present.peek() === list) put(ids, on);
}

/** Whether all images of a day are selected. */
export function isWhole(day: Day): boolean {
  for (const slot of day.slots()) if (!slot || !isSelected(slot.id)) return left.value?.size === 0;
  return day.count > 0;
}

/** Throws Problem if one that is there could not be asked for: nothing is done to a part of them.
 * Ends early when the page is left: whoever asked looks whether it is still there. */
async function idsBetween(list: Sections, from: number, to: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = from; index < to; index++) {
    const id = list.at(index) ?? (await list.idAt(index));
    if (present.peek() !== list) break;
    if (id) ids.push(id);
    else if (index < list.total) throw list.problem.peek() ?? new Problem(0, "failed", "");
  }
  return ids;
}

// -- what happens ---------------------------------------------------------------------------------

present.subscribe(selectNone);

/** All but some ends when nothing is left of it: what comes then was not meant. */
effect(() => {
  if (present.value && left.value && !count.value) left.value = null;
});

/** What is no longer on the page is no longer selected. */
watch((id: string, image: Image | null) => {
  if (image && (present.peek()?.belongs(image) ?? false)) return;
  if (picked.peek().has(id)) put([id], false);
  if (left.peek()?.has(id)) put([id], true);
});
