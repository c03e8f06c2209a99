// All images of a listing, in parts that the server takes at once.

import { getImages, timeZone, type Filters, type Kind, type Page, type Target } from "./api";

/** The most that the server takes at once. */
export const MOST = 10_000;

/** Of some days: by the filter of the listing, or one by one. */
export type Part = { first: string; last: string } | { named: string };

interface Counted {
  date: string;
  count: number;
}

/** Days, newest first, are taken together as long as the server takes them; those of which some
 * images are left out, and those that are too much for one filter, by the names of their images. */
export function partsOf(days: readonly Counted[], named: ReadonlySet<string>): Part[] {
  const parts: Part[] = [];
  let group: { first: string; last: string } | null = null;
  let size = 0;
  for (const { date, count } of days) {
    if (named.has(date) || count > MOST) {
      parts.push({ named: date });
      group = null;
    } else if (group && size + count <= MOST) {
      group.first = date;
      size += count;
    } else {
      group = { first: date, last: date };
      size = count;
      parts.push(group);
    }
  }
  return parts;
}

/** A listing's images of these days, as the server finds them for a change. */
export function filterOf(kind: Kind, filters: Filters, first: string, last: string): Target {
  const { favorite, ...others } = filters;
  const days = { from_date: first, to_date: last, tz: timeZone };
  return { filter: { kind, ...others, ...days, ...(favorite && { favorite: favorite === "1" }) } };
}

export function* chunksOf(ids: readonly string[]): Iterable<Target> {
  for (let from = 0; from < ids.length; from += MOST) yield { ids: ids.slice(from, from + MOST) };
}

/** A listing's images of these parts. `except` are left out of those that are named. */
export async function* targetsOf(
  kind: Kind,
  filters: Filters,
  parts: readonly Part[],
  except: ReadonlyMap<string, string>,
): AsyncIterable<Target> {
  for (const part of parts) {
    if ("first" in part) yield filterOf(kind, filters, part.first, part.last);
    else {
      const ids = await idsOf(kind, filters, part.named);
      yield* chunksOf(ids.filter((id) => !except.has(id)));
    }
  }
}

/** All images of a day. */
async function idsOf(kind: Kind, filters: Filters, date: string): Promise<string[]> {
  const ids: string[] = [];
  const query = { ...filters, kind, from_date: date, to_date: date, size: 200 };
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: Page = await getImages({ ...query, cursor });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  return ids;
}
