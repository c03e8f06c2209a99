import { beforeAll, expect, test, vi } from "vitest";

import type { Image } from "../api";

let lists: typeof import("./TrashList");

beforeAll(async () => {
  vi.stubGlobal("location", { href: "http://gallery.example/" });
  vi.stubGlobal("addEventListener", () => undefined);
  lists = await import("./TrashList");
});

const image = (id: string, deleted_at: string | null): Image =>
  ({ id, kind: "output", status: "trash", rev: 1, deleted_at, width: 4, height: 3 }) as Image;

test("an image of which nobody wrote down when it was deleted is shown after the others", async () => {
  const items = [image("new", "2026-03-15T00:00:00Z"), image("old", null)];
  const answer = { items, next_cursor: null, total: 2 };
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(answer))));
  const list = new lists.TrashList();
  await list.load();
  expect(list.state.value).toBe("ready");
  expect(list.ids()).toEqual(["new", "old"]);
  const names = list.days.value.map((day) => list.nameOf(day));
  expect(names[1]).toBe("Nobody knows since when");
});

/** Two pages, of which the second is asked for when all is named. */
async function halfRead(second: unknown): Promise<InstanceType<typeof lists.TrashList>> {
  const items = [image("new", "2026-03-15T00:00:00Z"), image("old", "2026-03-14T00:00:00Z")];
  const pages = [{ items, next_cursor: "more", total: 3 }, second];
  vi.stubGlobal("fetch", () => {
    const page = pages.shift();
    if (!page) return Promise.reject(new TypeError("cut"));
    return Promise.resolve(new Response(JSON.stringify(page)));
  });
  const list = new lists.TrashList();
  await list.load();
  return list;
}

test("after a question that failed the next one asks anew", async () => {
  const list = await halfRead(null);
  expect(await list.idAt(2)).toBeNull();
  expect(list.problem.value).not.toBeNull();
  const last = { items: [image("last", "2026-03-13T00:00:00Z")], next_cursor: null, total: 3 };
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(last))));
  expect(await list.idAt(2)).toBe("last");
  expect(list.problem.value).toBeNull();
});

test("all of it is named when some of it has left before it was known", async () => {
  const list = await halfRead({ items: [], next_cursor: null, total: 2 });
  const [{ present }, { chosenIds, selectAll }] = await Promise.all([
    import("../sections"),
    import("../selection/selection"),
  ]);
  present.value = list;
  selectAll();
  expect(await chosenIds(100)).toEqual(["new", "old"]);
});

test("all of it stays selected while it is read again", async () => {
  const items = [image("new", "2026-03-15T00:00:00Z"), image("old", "2026-03-14T00:00:00Z")];
  const answer = { items, next_cursor: null, total: 2 };
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(answer))));
  const [{ present }, { count, selectAll }] = await Promise.all([
    import("../sections"),
    import("../selection/selection"),
  ]);
  const list = new lists.TrashList();
  await list.load();
  present.value = list;
  selectAll();
  await list.load();
  expect(count.value).toBe(2);
});
