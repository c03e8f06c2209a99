// Changes of what is searched for, and the filters as they are shown.

import type { Filters } from "../api";
import { date } from "../formats";
import { go, route } from "../route";
import { t } from "./texts";

export type Change = { [name in keyof Filters]?: Filters[name] | undefined };

/** What is empty is no filter. */
export function changed(filters: Filters, change: Change): Filters {
  const all = Object.entries({ ...filters, ...change });
  return Object.fromEntries(all.filter(([, value]) => value));
}

/** Back leads from words to what was shown before them: the first letters make an entry of the
 * history, and more of them replace it. */
export function search(change: Change, how: "push" | "replace" = "push"): void {
  go({ filters: changed(route.peek().filters, change) }, how);
}

export const clear = (): void => go({ filters: {} });

export interface Chip {
  label: string;
  /** The filters that go with it. */
  names: (keyof Filters)[];
}

/** The words are no chip: they stand in the field. */
export function chipsOf(filters: Filters): Chip[] {
  const { from_date: from, to_date: to, aspect_ratio, tag, workflow_id, favorite } = filters;
  const chips: Chip[] = [];
  if (from || to) chips.push({ label: dates(from, to), names: ["from_date", "to_date"] });
  if (aspect_ratio) chips.push({ label: aspect_ratio, names: ["aspect_ratio"] });
  if (tag) chips.push({ label: `#${tag}`, names: ["tag"] });
  if (workflow_id) {
    chips.push({ label: `${t.workflow}: ${workflow_id}`, names: ["workflow_id"] });
  }
  if (favorite) {
    chips.push({ label: favorite === "1" ? `♥ ${t.favorites}` : t.others, names: ["favorite"] });
  }
  return chips;
}

function dates(from?: string, to?: string): string {
  if (!to) return t.since(named(from));
  if (!from) return t.until(named(to));
  return from === to ? t.on(named(from)) : t.between(named(from), named(to));
}

/** The URL may hold anything, also what is no day. */
const named = (day = ""): string => (Number.isNaN(Date.parse(day)) ? day : date(day));

export const remove = ({ names }: Chip): void =>
  search(Object.fromEntries(names.map((name) => [name, undefined])));
