import { expect, test } from "vitest";

import { BLOCK, Day, type Slot } from "./day";

const slot = (n: number): Slot => ({ id: `image-${n}`, ratio: 1, at: 1_000_000 - n });
const slots = (from: number, to: number): Slot[] =>
  Array.from({ length: to - from }, (_, index) => slot(from + index));
const ids = (day: Day): (string | undefined)[] => Array.from(day.slots(), (one) => one?.id);

test("every image has its place before anything of it is known", () => {
  const day = new Day("2026-03-14", 2 * BLOCK + 10);
  expect(day.count).toBe(2 * BLOCK + 10);
  expect(day.blocks.map(({ slots: all }) => all.length)).toEqual([BLOCK, BLOCK, 10]);
});

test("a page is put where it was listed, over blocks", () => {
  const day = new Day("2026-03-14", 2 * BLOCK);
  day.fill(BLOCK - 2, slots(0, 4));
  expect(day.offsetOf("image-0")).toBe(BLOCK - 2);
  expect(day.offsetOf("image-3")).toBe(BLOCK + 1);
  expect(day.at(0)).toBeNull();
});

test("a new image is inserted where its time belongs, and other blocks stay as they are", () => {
  const day = new Day("2026-03-14", 2 * BLOCK);
  day.fill(0, slots(1, 2 * BLOCK + 1));
  const version = day.blocks[1]?.version;
  day.insert(slot(0));
  expect(day.offsetOf("image-0")).toBe(0);
  expect(day.count).toBe(2 * BLOCK + 1);
  expect(day.blocks[1]?.version).toBe(version);
});

test("a block that grew too long becomes two", () => {
  const day = new Day("2026-03-14", 0);
  for (let n = 0; n < 2 * BLOCK; n++) day.insert(slot(n));
  expect(day.blocks.length).toBeGreaterThan(1);
  expect(ids(day)).toEqual(slots(0, 2 * BLOCK).map(({ id }) => id));
});

test("what is removed leaves no place, and an empty block goes", () => {
  const day = new Day("2026-03-14", 1);
  day.fill(0, [slot(0)]);
  expect(day.remove("image-0")).toBe(true);
  expect(day.count).toBe(0);
  expect(day.blocks).toEqual([]);
  expect(day.remove("image-0")).toBe(false);
});

test("an image that is listed elsewhere now leaves a hole where it was", () => {
  const day = new Day("2026-03-14", 4);
  day.fill(0, slots(0, 2));
  day.fill(1, slots(0, 1)); // somebody uploaded a newer one, of which nothing is known yet
  expect(ids(day)).toEqual([undefined, "image-0", undefined, undefined]);
  expect(day.has("image-1")).toBe(false);
});
