import { beforeAll, expect, test, vi } from "vitest";

import type { Route } from "./route";

type Routing = typeof import("./route");
let routing: Routing;

beforeAll(async () => {
  vi.stubGlobal("location", { href: "http://gallery.example/" });
  vi.stubGlobal("addEventListener", () => undefined);
  routing = await import("./route");
});

test.each([
  "/",
  "/inputs",
  "/trash",
  "/you",
  "/image/ee0bee7f",
  "/controls/ee0bee7f",
  "/compare/ee0bee7f/4f6e1d54",
  "/?q=fox+-cat&from=2026-03-01&tag=winter&favorite=1",
  "/image/ee0bee7f?ratio=16%3A9",
])("a URL says what is shown, and what is shown says the URL: %s", (path) => {
  expect(routing.hrefOf(routing.parse(new URL(path, "http://gallery.example")))).toBe(path);
});

test("a URL that is none of ours shows the gallery", () => {
  const shown: Route = routing.parse(new URL("http://gallery.example/elsewhere"));
  expect(shown).toMatchObject({ page: "gallery", compare: null });
});

test.each(["from=2026-99-99", "to=2026-02-31", "from=yesterday", "favorite=yes"])(
  "what no filter can be is none: %s",
  (query) => {
    expect(routing.parse(new URL(`http://gallery.example/?${query}`)).filters).toEqual({});
  },
);
