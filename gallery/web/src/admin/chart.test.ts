import { expect, test } from "vitest";

import { areaOf, chartOf, lineOf, stepOf } from "./chart";

test.each([
  [0, 1_000],
  [4_000, 1_000],
  [9_000, 5_000],
  [410_000, 200_000],
  [2_167_384, 1_000_000],
])("up to %d it is counted in steps of %d", (most, step) => {
  expect(stepOf(most, 4)).toBe(step);
});

test("the largest value is within the chart, and the axis begins at nothing", () => {
  const { lines, ticks } = chartOf(
    [
      { date: "2026-02-28", value: 100_000 },
      { date: "2026-03-01", value: 410_000 },
    ],
    200,
    100,
    5,
  );
  expect(ticks.map(({ value }) => value)).toEqual([0, 200_000, 400_000, 600_000]);
  expect(ticks[0]?.y).toBe(100);
  expect(lines).toHaveLength(1);
  expect(lines[0]?.map(({ x }) => x)).toEqual([0, 200]);
  for (const { y } of lines.flat()) expect(y).toBeGreaterThan(0);
});

test("days that nobody knows are a gap, as wide as they were many", () => {
  const { lines, dates } = chartOf(
    [
      { date: "2026-11-01", value: 1 },
      { date: "2026-11-02", value: 1 },
      { date: "2026-11-11", value: 1 },
    ],
    100,
    100,
    3,
  );
  expect(lines.map((line) => line.map(({ x }) => x))).toEqual([[0, 10], [100]]);
  expect(dates.map(({ date }) => date)).toEqual(["2026-11-01", "2026-11-06", "2026-11-11"]);
});

test("a single day, and an empty library, have a chart", () => {
  const { lines, ticks, dates } = chartOf([{ date: "2026-11-21", value: 0 }], 100, 50, 4);
  expect(lines).toEqual([[{ date: "2026-11-21", value: 0, x: 50, y: 50 }]]);
  expect(ticks.every(({ y }) => Number.isFinite(y))).toBe(true);
  expect(dates).toEqual([{ date: "2026-11-21", x: 50 }]);
});

test("a line is drawn through its points, and an area closed at the axis", () => {
  const points = [
    { date: "", value: 0, x: 0, y: 5 },
    { date: "", value: 0, x: 10, y: 2.25 },
  ];
  expect(lineOf(points)).toBe("M0.0,5.0L10.0,2.3");
  expect(areaOf(points, 8)).toBe("M0.0,5.0L10.0,2.3L10.0,8L0.0,8Z");
});
