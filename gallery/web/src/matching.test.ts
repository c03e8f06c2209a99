import { expect, test } from "vitest";

import { matches } from "./matching";
import type { Filters, Image } from "./shapes";

const image = {
  created_at: "2026-03-14T03:00:00.000000Z",
  prompt: "A fox  asleep in fresh snow, 눈 덮인 한옥마을",
  tags: ["fox"],
  favorite: false,
  aspect_ratio: "4:3",
  workflow_id: null,
} as Image;

test.each<[Filters, boolean]>([
  [{}, true],
  [{ q: "FOX snow" }, true],
  [{ q: "fox cat" }, false],
  [{ q: "-cat fox" }, true],
  [{ q: "fox -snow" }, false],
  [{ q: '"fresh snow"' }, true],
  [{ q: '"snow fresh"' }, false],
  [{ q: '-"fresh snow"' }, false],
  [{ q: "한옥" }, true],
  [{ tag: "fox" }, true],
  [{ tag: "fo" }, false],
  [{ favorite: "1" }, false],
  [{ favorite: "0" }, true],
  [{ aspect_ratio: "4:3" }, true],
  [{ workflow_id: "upscale" }, false],
  [{ from_date: "2026-03-01", to_date: "2026-03-31" }, true],
  [{ from_date: "2026-03-20" }, false],
])("an image belongs to a list by the same rules as on the server: %o", (filters, belongs) => {
  expect(matches(image, filters)).toBe(belongs);
});
