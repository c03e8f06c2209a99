import { expect, test } from "vitest";

import { chunksOf, filterOf, MOST, partsOf } from "./targets";

const days = (...counts: number[]) =>
  counts.map((count, index) => ({ date: `2026-03-${String(28 - index)}`, count }));

test("days are taken together as long as the server takes them", () => {
  expect(partsOf(days(4000, 4000, 4000, 1), new Set())).toEqual([
    { first: "2026-03-27", last: "2026-03-28" },
    { first: "2026-03-25", last: "2026-03-26" },
  ]);
});

test("a day that is too much for one filter is named image by image", () => {
  expect(partsOf(days(1, MOST + 1, 1), new Set())).toEqual([
    { first: "2026-03-28", last: "2026-03-28" },
    { named: "2026-03-27" },
    { first: "2026-03-26", last: "2026-03-26" },
  ]);
});

test("a day of which some are left out is named, and what lies around it is not", () => {
  expect(partsOf(days(1, 1, 1), new Set(["2026-03-27"]))).toEqual([
    { first: "2026-03-28", last: "2026-03-28" },
    { named: "2026-03-27" },
    { first: "2026-03-26", last: "2026-03-26" },
  ]);
});

test("a filter is the listing's, in this browser's time zone", () => {
  const found = filterOf("input", { q: "fox", favorite: "0" }, "2026-03-01", "2026-03-02");
  expect(found).toMatchObject({
    filter: { kind: "input", q: "fox", favorite: false, from_date: "2026-03-01" },
  });
  expect(found).toHaveProperty("filter.tz");
});

test("ids are sent in parts that the server takes", () => {
  const ids = Array.from({ length: MOST + 5 }, (_, index) => String(index));
  const sizes = Array.from(chunksOf(ids), (part) => ("ids" in part ? part.ids.length : 0));
  expect(sizes).toEqual([MOST, 5]);
});
