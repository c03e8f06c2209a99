import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

import type { Image, Target } from "../api";
import { dayOf } from "../matching";

let images: typeof import("../images");
let present: typeof import("../sections").present;
let selection: typeof import("./selection");
let store: typeof import("../store");
let list: import("../listing").Listing;

/** Newer days first, as lists have them. */
const NOONS = ["2026-03-14T12:00:00Z", "2026-03-13T12:00:00Z", "2026-03-12T12:00:00Z"];
const EACH = 3;
const [first = "", second = "", third = ""] = NOONS.map(dayOf);

const image = (id: string, created_at = NOONS[0]): Image =>
  ({
    id,
    kind: "output",
    status: "active",
    created_at,
    deleted_at: null,
    rev: 1,
    width: 4,
    height: 3,
    bytes: 100,
    tags: [],
  }) as unknown as Image;
const all = NOONS.flatMap((noon, day) =>
  Array.from({ length: EACH }, (_, n) => image(`${day}-${n}`, noon)),
);
const names = all.map(({ id }) => id);
const named = (date: string): string[] =>
  all.filter(({ created_at }) => dayOf(created_at) === date).map(({ id }) => id);

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

function answer(path: string): unknown {
  const { pathname, searchParams } = new URL(path, "http://gallery.example");
  const days = [first, second, third].map((date) => ({ date, count: EACH }));
  if (pathname.endsWith("/timeline")) return { days };
  const [from, to] = [searchParams.get("from_date") ?? "", searchParams.get("to_date") ?? ""];
  const items = all.filter(
    ({ created_at }) => dayOf(created_at) >= from && dayOf(created_at) <= to,
  );
  return { items, next_cursor: null };
}

let isCut = false;
beforeAll(async () => {
  vi.stubGlobal("location", { href: "http://gallery.example/" });
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("fetch", (path: string) => {
    if (path.endsWith("/me")) return new Promise(() => undefined);
    if (isCut) return Promise.reject(new TypeError("cut"));
    return Promise.resolve(new Response(JSON.stringify(answer(path))));
  });
  [images, { present }, selection, store] = await Promise.all([
    import("../images"),
    import("../sections"),
    import("./selection"),
    import("../store"),
  ]);
});

beforeEach(async () => {
  const { Listing } = await import("../listing");
  list = new Listing("output", {});
  await list.load();
  store.listing.value = present.value = list;
});

afterEach(() => {
  isCut = false;
  for (const id of [...names, "new"]) images.forget(id);
});

async function look(at: number): Promise<void> {
  const day = list.days.peek()[at];
  if (!day) throw new Error("there is no such day");
  list.look([{ day, from: 0, to: day.count }]);
  await settled();
}

async function targets(): Promise<Target[]> {
  const which = selection.chosen();
  if (!("targets" in which)) throw new Error("these are chosen by their names");
  const found: Target[] = [];
  for await (const target of which.targets()) found.push(target);
  return found;
}

test("what is left out of all stays left out when no more than its place is known", async () => {
  await look(1);
  const [id = ""] = named(second);
  images.forget(id);
  selection.selectAll();
  selection.toggle(id);
  const [newest, between, oldest] = await targets();
  expect(newest).toMatchObject({ filter: { from_date: first, to_date: first } });
  expect(between).toEqual({ ids: named(second).slice(1) });
  expect(oldest).toMatchObject({ filter: { from_date: third, to_date: third } });
});

test("nothing is named when a part of what is selected could not be asked for", async () => {
  await look(0);
  selection.selectAll();
  isCut = true;
  await expect(selection.chosenIds(100)).rejects.toMatchObject({ code: "offline" });
  isCut = false;
  expect(await selection.chosenIds(100)).toEqual(names);
});

test("nothing is named of a page that was left meanwhile", async () => {
  await look(0);
  selection.selectAll();
  isCut = true;
  const ids = selection.chosenIds(100);
  list.close();
  present.value = null;
  expect(await ids).toEqual([]);
});

test("what was left out when naming began is not named, though nothing is selected any more", async () => {
  await look(0);
  const [spared = "", ...others] = names;
  selection.selectAll();
  selection.toggle(spared);
  const ids = selection.chosenIds(100);
  selection.selectNone();
  expect(await ids).toEqual(others);
});

test("a range with images that could not be asked for is not selected with gaps", async () => {
  await look(0);
  await look(2);
  const [from = "", to = ""] = [names[0], names.at(-1)];
  selection.toggle(from);
  isCut = true;
  await expect(selection.selectTo(to)).rejects.toMatchObject({ code: "offline" });
  expect(selection.count.value).toBe(1);
});

test("all but these ends with the last that is left of it", async () => {
  for (const day of [0, 1, 2]) await look(day);
  selection.selectAll();
  for (const id of names) selection.toggle(id);
  expect(selection.isSelecting.value).toBe(false);
  store.apply(image("new"));
  expect(selection.count.value).toBe(0);
  expect(selection.isSelected("new")).toBe(false);
});

test("all but these ends when the others leave", async () => {
  for (const day of [0, 1, 2]) await look(day);
  selection.selectAll();
  const [kept = "", ...others] = names;
  selection.toggle(kept);
  for (const id of others) store.gone(id);
  store.apply(image("new"));
  expect(selection.isSelected("new")).toBe(false);
});
