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
