import { expect, test } from "vitest";

import { BLOCK, Day } from "./day";
import { Geometry } from "./geometry";
import { rowsOf, type Style } from "./rows";

const style: Style = { width: 1000, rowHeight: 200, gap: 5 };
const RATIOS = [1, 1.5, 0.66, 1.78, 0.56];

function filled(date: string, count: number): Day {
  const day = new Day(date, count);
  fill(day, 0, count);
  return day;
}

function fill(day: Day, from: number, to: number): void {
  const items = Array.from({ length: to - from }, (_, index) => {
    const n = from + index;
    return { id: `${day.date} ${n}`, ratio: RATIOS[n % RATIOS.length] ?? 1, at: -n };
  });
  day.fill(from, items);
}

function geometryOf(...days: Day[]): Geometry {
  const geometry = new Geometry(style, 50);
  geometry.set(days, 1);
  return geometry;
}

test("rows fill the width, and follow each other without overlapping", () => {
  const { rows } = rowsOf(
    Array.from({ length: 57 }, (_, n) => RATIOS[n % RATIOS.length] ?? 1),
    style,
    true,
  );
  expect(rows.flatMap(({ boxes }) => boxes)).toHaveLength(57);
  rows.slice(0, -1).forEach((row, index) => {
    const last = row.boxes.at(-1);
    expect((last?.left ?? 0) + (last?.width ?? 0)).toBeCloseTo(style.width, 0);
    expect(rows[index + 1]?.top).toBeGreaterThanOrEqual(row.top + row.height);
  });
});

test("a block that another one follows ends with a whole row, however many images it has", () => {
  for (let count = 40; count < 80; count++) {
    const ratios = Array.from({ length: count }, (_, n) => RATIOS[n % RATIOS.length] ?? 1);
    const box = rowsOf(ratios, style, false).rows.at(-1)?.boxes.at(-1);
    expect((box?.left ?? 0) + (box?.width ?? 0)).toBeCloseTo(style.width, 0);
  }
});

test("only what is in the window is seen", () => {
  const geometry = geometryOf(filled("2026-03-02", 900), filled("2026-03-01", 900));
  const seen = geometry.seen(3000, 3800);
  const rows = seen.flatMap(({ blocks }) => blocks.flatMap((block) => block.rows));
  expect(seen.map(({ day }) => day.date)).toEqual(["2026-03-02"]);
  expect(rows.length).toBeGreaterThan(2);
  expect(rows.length).toBeLessThan(8);
});

test("a place stays where it is in its day while the heights above it become known", () => {
  const above = new Day("2026-03-02", 900);
  const here = filled("2026-03-01", 300);
  const geometry = geometryOf(above, here);
  const y = geometry.topOf("2026-03-01") + 700;
  const place = geometry.anchorAt(y, geometry.seen(y, y + 800));
  expect(place).toMatchObject({ date: "2026-03-01", block: 0 });
  fill(above, 0, 900);
  geometry.set([above, here], 2);
  expect(geometry.topOf("2026-03-01") + 700).not.toBe(y);
  expect(place && geometry.yOf(place)).toBeCloseTo(geometry.topOf("2026-03-01") + 700);
});

test("a place in what was guessed is as far down in it when it is known", () => {
  const day = new Day("2026-03-01", BLOCK);
  const geometry = geometryOf(day);
  const guessed = geometry.height - 50;
  const place = geometry.anchorAt(50 + guessed / 2, geometry.seen(0, geometry.height));
  fill(day, 0, BLOCK);
  geometry.set([day], 2);
  expect(place && geometry.yOf(place)).toBeCloseTo(50 + (geometry.height - 50) / 2);
});

test("the row of an image is found, with its place in it", () => {
  const day = filled("2026-03-01", 500);
  const geometry = geometryOf(day);
  const found = geometry.rowOf(day, "2026-03-01 321");
  expect(found?.row.boxes[found.at]).toBeDefined();
  expect(found?.top).toBeGreaterThan(50);
  expect(geometry.rowOf(day, "nobody")).toBeNull();
});
