import { expect, test, vi } from "vitest";

vi.stubGlobal("location", new URL("http://gallery.test/"));
vi.stubGlobal("addEventListener", () => undefined);
const { changed, chipsOf } = await import("./filters");

test("what is empty is no filter", () => {
  expect(changed({ q: "fox", tag: "a" }, { q: "", favorite: "1" })).toEqual({
    tag: "a",
    favorite: "1",
  });
  expect(changed({ tag: "a" }, { tag: undefined })).toEqual({});
});

test("the words stand in the field and are no chip", () => {
  expect(chipsOf({ q: "fox" })).toEqual([]);
});

test("two dates are one filter, and go together", () => {
  const [chip, ...others] = chipsOf({ from_date: "2026-03-01", to_date: "2026-03-04" });
  expect(others).toEqual([]);
  expect(chip?.names).toEqual(["from_date", "to_date"]);
  expect(chip?.label).toMatch(/1.*–.*4/);
});

test("a day alone is said once, and half a range is said so", () => {
  expect(chipsOf({ from_date: "2026-03-01", to_date: "2026-03-01" })[0]?.label).not.toMatch("–");
  expect(chipsOf({ from_date: "2026-03-01" })[0]?.label).toMatch(/^Since/);
  expect(chipsOf({ to_date: "2026-03-01" })[0]?.label).toMatch(/^Until/);
});

test("a URL with what is no day shows it as it is", () => {
  expect(chipsOf({ from_date: "someday" })[0]?.label).toBe("Since someday");
});
