import { expect, test } from "vitest";

import { offered } from "./offered";

const facets = Array.from({ length: 30 }, (_, n) => ({ name: `Tag ${n}`, count: 30 - n }));

test("the most common ones are offered, and how many more there are", () => {
  const { shown, more } = offered(facets, "");
  expect(shown[0]).toEqual({ name: "Tag 0", count: 30 });
  expect(shown.length + more).toBe(30);
});

test("typing finds the others, whatever their case", () => {
  expect(offered(facets, " tag 29 ")).toEqual({ shown: [{ name: "Tag 29", count: 1 }], more: 0 });
});
