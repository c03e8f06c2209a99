import { beforeAll, expect, test, vi } from "vitest";

type Places = typeof import("./place");
let places: Places;

beforeAll(async () => {
  vi.stubGlobal("location", { hash: "" });
  vi.stubGlobal("addEventListener", () => undefined);
  const replaceState = (_: unknown, __: string, href: string) => (location.hash = href);
  vi.stubGlobal("history", { replaceState });
  places = await import("./place");
});

test("without a section the users are shown", () => {
  expect(places.parse("")).toEqual({ section: "users", query: {} });
  expect(places.parse("#nowhere")).toEqual({ section: null, query: {} });
});

test("a place is read as it was written, whatever a user is called", () => {
  for (const user_id of ["kim", "a&b=c?d#e", "김"]) {
    const href = places.hrefOf("images", { user_id, from_date: undefined });
    expect(places.parse(href)).toEqual({ section: "images", query: { user_id } });
  }
});

test("what is typed is in the place at once", () => {
  places.become("users", { name: "김", page: undefined });
  expect(places.place.value).toEqual({ section: "users", query: { name: "김" } });
  expect(location.hash).toBe("#users?name=%EA%B9%80");
});
