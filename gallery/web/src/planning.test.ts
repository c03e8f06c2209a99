import { expect, test } from "vitest";

import { Day } from "./layout/day";
import { plan, SIZE } from "./planning";

const all = (day: Day): { day: Day; from: number; to: number } => ({
  day,
  from: 0,
  to: day.count,
});
const always = (): boolean => true;

test("days that follow upon each other are asked for together, as many as a page holds", () => {
  const days = ["2026-03-04", "2026-03-03", "2026-03-02", "2026-03-01"];
  const wanted = plan(
    days.map((date) => all(new Day(date, SIZE / 2))),
    always,
  );
  expect(wanted.map(({ last, first, page }) => [last, first, page])).toEqual([
    ["2026-03-04", "2026-03-03", 1],
    ["2026-03-02", "2026-03-01", 1],
  ]);
});

test("days with a known one between them are not asked for together", () => {
  const days = ["2026-03-03", "2026-03-02", "2026-03-01"].map((date) => new Day(date, 2));
  const wanted = plan(days.map(all), (day) => day.date !== "2026-03-02");
  expect(wanted.map(({ first, last }) => [last, first])).toEqual([
    ["2026-03-03", "2026-03-03"],
    ["2026-03-01", "2026-03-01"],
  ]);
});

test("of a long day only the pages that are looked at are asked for, each once", () => {
  const day = new Day("2026-03-01", 60_000);
  const spans = [
    { day, from: 40_100, to: 40_250 },
    { day, from: 40_250, to: 40_500 },
  ];
  expect(plan(spans, always).map(({ page }) => page)).toEqual([201, 202, 203]);
});

test("nothing is asked for that is known", () => {
  expect(plan([all(new Day("2026-03-01", 7))], () => false)).toEqual([]);
});
