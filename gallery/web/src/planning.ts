// Which lists to ask for, so that what somebody looks at becomes known.

import type { Day } from "./layout/day";

/** Slots of a day that somebody looks at. */
export interface Span {
  day: Day;
  from: number;
  to: number;
}

/** One question for images: days from `last` back to `first`, and the page of them. */
export interface Wanted {
  first: string;
  last: string;
  page: number;
  days: Day[];
}

export const SIZE = 200;

export const nameOf = ({ first, last, page }: Wanted): string => `${first} ${last} ${page}`;

/** Days that follow upon each other are asked for together as long as a page holds them; a day
 * that is more than a page, by its pages. */
export function plan(
  spans: readonly Span[],
  lacks: (day: Day, from: number, to: number) => boolean,
): Wanted[] {
  const wanted: Wanted[] = [];
  let group: Wanted | null = null;
  let size = 0;
  for (const { day, from, to } of spans) {
    if (!lacks(day, from, to)) {
      group = null;
      continue;
    }
    const { date, count } = day;
    if (count > SIZE) {
      group = null;
      for (const page of pagesOf(from, Math.min(to, count))) {
        if (wanted.some((other) => other.first === date && other.page === page)) continue;
        if (lacks(day, Math.max(from, (page - 1) * SIZE), Math.min(to, page * SIZE))) {
          wanted.push({ first: date, last: date, page, days: [day] });
        }
      }
    } else if (group?.days.includes(day)) {
      continue;
    } else if (group && size + count <= SIZE) {
      group.first = date;
      group.days.push(day);
      size += count;
    } else {
      group = { first: date, last: date, page: 1, days: [day] };
      size = count;
      wanted.push(group);
    }
  }
  return wanted;
}

/** The pages of a day that hold these slots, from 1. */
export function pagesOf(from: number, to: number): number[] {
  const first = Math.floor(from / SIZE);
  return Array.from({ length: Math.ceil(to / SIZE) - first }, (_, index) => first + index + 1);
}
