import { expect, test } from "vitest";

import { sortingOf, turned } from "./sorting";

test("a place that says nothing, or nonsense, sorts by names", () => {
  for (const query of [{}, { sort: "colour", order: "up" }]) {
    expect(sortingOf(query)).toEqual({ sort: "user_id", order: "asc" });
  }
  expect(sortingOf({ sort: "bytes", order: "desc" })).toEqual({ sort: "bytes", order: "desc" });
});

test("a column begins with the most and is turned round then, but names begin with the first", () => {
  const most = turned({ sort: "user_id", order: "asc" }, "bytes");
  expect(most).toEqual({ sort: "bytes", order: "desc" });
  expect(turned(most, "bytes")).toEqual({ sort: "bytes", order: "asc" });
  expect(turned(most, "user_id")).toEqual({ sort: "user_id", order: "asc" });
});
