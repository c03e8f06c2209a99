import { expect, test } from "vitest";

import type { Me } from "../api";
import { fullness } from "./quota";

const me = (bytes: number, count: number, quota: Me["quota"]): Me =>
  ({ bytes, count, quota }) as unknown as Me;

test("nothing is full where nothing is limited", () => {
  expect(fullness(me(1e12, 1e6, { bytes: null, count: null }))).toBe(0);
});

test("the tighter limit counts", () => {
  expect(fullness(me(50, 9, { bytes: 100, count: 10 }))).toBe(0.9);
  expect(fullness(me(99, 1, { bytes: 100, count: null }))).toBe(0.99);
});

test("no room at all is full from the beginning", () => {
  expect(fullness(me(0, 0, { bytes: 0, count: null }))).toBe(1);
});
