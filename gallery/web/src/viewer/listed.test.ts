import { beforeAll, expect, test, vi } from "vitest";

import type { Image } from "../api";

let listings: typeof import("../listing");
let listed: typeof import("./listed");

beforeAll(async () => {
  vi.stubGlobal("location", { href: "http://gallery.example/" });
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("document", {});
  [listings, listed] = await Promise.all([import("../listing"), import("./listed")]);
});

test("an image is found among thousands that were made at the same moment", async () => {
  const images = Array.from(
    { length: 1_000 },
    (_, n) =>
      ({
        id: String(9_999 - n),
        kind: "output",
        status: "active",
        created_at: "2026-03-14T12:00:00.000000Z",
        rev: 1,
        width: 4,
        height: 3,
        tags: [],
      }) as unknown as Image,
  );
  vi.stubGlobal("fetch", (path: string) => {
    const url = new URL(path, "http://gallery.example");
    const from = 200 * (Number(url.searchParams.get("page")) - 1);
    const items = images.slice(from, from + 200);
    const days = [{ date: "2026-03-14", count: images.length }];
    const next_cursor = from + 200 < images.length ? "more" : null;
    return Promise.resolve(new Response(JSON.stringify({ days, items, next_cursor })));
  });
  const list = new listings.Listing("output", {});
  await list.load();
  const wanted = images.at(700);
  expect(wanted && (await new listed.Listed(list).find(wanted))).toBe(700);
});
