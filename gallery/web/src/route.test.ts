import { beforeAll, expect, test, vi } from "vitest";

import type { Route } from "./route";

type Routing = typeof import("./route");
let routing: Routing;
const [A, B] = ["ee0bee7f94ff43728ee85edfbc196735", "4f6e1d5411ae4c1e9b0a6c2f7d3e8a95"];

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
  `/image/${A}`,
  `/inputs/${A}`,
  `/controls/${A}`,
  `/trash/${A}`,
  `/compare/${A}/${B}`,
  "/?q=fox+-cat&from=2026-03-01&tag=winter&favorite=1",
  `/image/${A}?ratio=16%3A9`,
])("a URL says what is shown, and what is shown says the URL: %s", (path) => {
  expect(routing.hrefOf(routing.parse(new URL(path, "http://gallery.example")))).toBe(path);
});

test.each([
  "/elsewhere",
  "/constructor",
  "/trash/",
  "/trash/xyz",
  `/trash/${A}/${B}`,
  "/image",
  `/you/${A}`,
  `/compare/${A}`,
  `/compare/${A}/xyz`,
  `/compare/${A}/${B}/more`,
])("a URL that is none of ours is of no page: %s", (path) => {
  const shown: Route = routing.parse(new URL(path, "http://gallery.example"));
  expect(shown).toEqual({ page: "unknown", image: null, compare: null, filters: {} });
});

test.each([
  ...["from=2026-99-99", "to=2026-02-31", "from=yesterday", "from=0000-01-01", "favorite=yes"],
  ...["ratio=abc", "ratio=0:9", "ratio=16:9999999"],
  ...[`q=${"a".repeat(501)}`, `tag=${"a".repeat(101)}`, `workflow=${"a".repeat(201)}`],
])("what no filter can be is none: %s", (query) => {
  expect(routing.parse(new URL(`http://gallery.example/?${query}`)).filters).toEqual({});
});

test("what is just within the bounds is a filter", () => {
  const [q, tag] = ["🦊".repeat(500), "가".repeat(100)];
  const query = `q=${q}&tag=${tag}&from=0001-01-01&ratio=999999%3A1`;
  const { filters } = routing.parse(new URL(`http://gallery.example/?${query}`));
  expect(filters).toEqual({ q, tag, from_date: "0001-01-01", aspect_ratio: "999999:1" });
});

test("what the browser refuses to take down is shown, and taken down a little later", () => {
  vi.useFakeTimers();
  const location = { href: "http://gallery.example/" };
  vi.stubGlobal("location", location);
  let isRefusing = true;
  const write = vi.fn((_state: unknown, _title: string, href: string) => {
    if (isRefusing) throw new Error("SecurityError");
    location.href = `http://gallery.example${href}`;
  });
  const back = vi.fn();
  vi.stubGlobal("history", { state: { depth: 0 }, pushState: write, replaceState: write, back });
  routing.go({ image: A });
  routing.go({ image: B }, "replace");
  expect(routing.route.value.image).toBe(B);
  routing.leave();
  expect(routing.route.value.image).toBe(null);
  expect(back).not.toHaveBeenCalled();
  routing.go({ image: A });
  isRefusing = false;
  vi.advanceTimersByTime(2_000);
  expect(location.href).toBe(`http://gallery.example/image/${A}`);
  expect(write).toHaveBeenLastCalledWith({ depth: 1 }, "", `/image/${A}`);
  const times = write.mock.calls.length;
  vi.advanceTimersByTime(10_000);
  expect(write).toHaveBeenCalledTimes(times);
  vi.useRealTimers();
});

test("what is left twice before it is gone is left once", () => {
  const back = vi.fn();
  vi.stubGlobal("history", { state: { depth: 1 }, back });
  routing.leave();
  routing.leave();
  expect(back).toHaveBeenCalledTimes(1);
});
