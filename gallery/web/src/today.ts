// The day that it is where one is, which goes on while a page is open.

import { signal } from "@preact/signals";

import { dayOf } from "./matching";

const DAY = 86_400_000;
const EVERY_MS = 30_000;

export const today = signal(dayOf(Date.now()));

/** So many days earlier, by the calendar: some days have 23 hours. */
export const daysBefore = (day: string, days: number): string =>
  new Date(Date.parse(day) - days * DAY).toISOString().slice(0, 10);

export function begin(): void {
  setInterval(() => (today.value = dayOf(Date.now())), EVERY_MS);
}
