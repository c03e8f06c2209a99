// Only so many images are kept: those farthest from where one looks go, their places stay.

import { forget, howMany } from "./images";
import type { Day } from "./layout/day";
import { SIZE, type Span } from "./planning";

const MOST_IMAGES = 8_000;

export function makeRoom(days: readonly Day[], looked: readonly Span[]): void {
  if (howMany() <= MOST_IMAGES) return;
  const near = new Set(looked.map(({ day }) => day));
  const kept = new Set<string>();
  for (const { day, from, to } of looked) {
    for (let offset = from - 4 * SIZE; offset < to + 4 * SIZE; offset++) {
      const slot = offset >= 0 ? day.at(offset) : null;
      if (slot) kept.add(slot.id);
    }
  }
  for (const day of days) {
    if (!near.has(day) && day.count <= SIZE && howMany() <= MOST_IMAGES / 2) continue;
    for (const slot of day.slots()) if (slot && !kept.has(slot.id)) forget(slot.id);
  }
}
