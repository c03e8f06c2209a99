// What comes late is not taken for what is.

import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

import type { Image } from "./api";
import type { Listing } from "./listing";

let actions: typeof import("./actions");
let images: typeof import("./images");
let store: typeof import("./store");
let list: Listing;

interface Waiting {
  path: string;
  body: Record<string, unknown>;
  say: (answer: unknown) => void;
}
let waiting: Waiting[] = [];

const image = (n: number, more: Partial<Image> = {}): Image =>
  ({
    id: `image-${n}`,
    owner: "kim",
    kind: "output",
    status: "active",
    created_at: `2026-03-14T12:00:0${n}Z`,
    deleted_at: null,
    rev: 1,
    width: 4,
    height: 3,
    bytes: 100,
    prompt: "a fox",
    tags: [],
    favorite: false,
    ...more,
  }) as unknown as Image;
const trashed = (n: number, rev: number): Image =>
  image(n, { status: "trash", rev, deleted_at: "2026-03-15T00:00:00Z" });
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const page = (...items: Image[]) => ({ items, next_cursor: null, total: items.length });

/** The request that waits for this, as soon as it does. */
const asked = (what: string): Promise<Waiting> =>
  vi.waitFor(() => {
    const found = waiting.findIndex(({ path }) => path.includes(what));
    const [one] = found < 0 ? [] : waiting.splice(found, 1);
    if (!one) throw new Error(`nothing asked for ${what}`);
    return one;
  });

beforeAll(async () => {
  vi.stubGlobal("location", { href: "http://gallery.example/" });
  vi.stubGlobal("addEventListener", () => undefined);
  [actions, images, store] = await Promise.all([
    import("./actions"),
    import("./images"),
    import("./store"),
  ]);
});

beforeEach(async () => {
  waiting = [];
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    if (path.endsWith("/me")) return new Promise(() => undefined);
    const body = JSON.parse((init.body as string | undefined) ?? "{}") as Record<string, unknown>;
    return new Promise((resolve) => {
      const say = (answer: unknown): void => {
        if (answer === null) resolve(new Response("{}", { status: 403 }));
        else resolve(new Response(JSON.stringify(answer)));
      };
      waiting.push({ path, body, say });
    });
  });
  const { Listing } = await import("./listing");
  list = new Listing("output", {});
  store.listing.value = list;
  for (const n of [0, 1, 2]) images.forget(`image-${n}`);
});

afterEach(() => {
  list.close();
  vi.unstubAllGlobals();
});

const look = (): void =>
  list.look(list.days.peek().map((day) => ({ day, from: 0, to: day.count })));

test("an image that left while its list was on its way is not shown by it", async () => {
  const loading = list.load();
  (await asked("timeline")).say({ days: [{ date: "2026-03-14", count: 3 }] });
  await loading;
  look();
  const late = await asked("images?");
  store.apply(trashed(1, 2));
  late.say(page(image(2), image(1), image(0)));
  await settled();
  await settled();
  expect(list.ids()).toEqual(["image-2", "image-0"]);
});

test("the first image of a day is not lost to days that were counted before it came", async () => {
  const loading = list.load();
  const counted = await asked("timeline");
  store.apply(image(0));
  counted.say({ days: [] });
  await loading;
  (await asked("timeline")).say({ days: [{ date: "2026-03-14", count: 1 }] });
  await settled();
  expect(list.total).toBe(1);
});

test("days that were counted earlier do not replace those that were counted later", async () => {
  const [first, second] = [list.load(), list.load()];
  const [early, late] = [await asked("timeline"), await asked("timeline")];
  late.say({ days: [{ date: "2026-03-14", count: 2 }] });
  await second;
  early.say({ days: [{ date: "2026-03-14", count: 5 }] });
  await first;
  expect(list.total).toBe(2);
});

test("images whose deletion is undone stay in sight when it is told late", async () => {
  for (const n of [0, 1]) store.apply(image(n));
  const done = actions.trash(["image-0", "image-1"]);
  const { body, say } = await asked("bulk");
  const outcomes = [0, 1].map((n) => ({ id: `image-${n}`, outcome: "done", rev: 2 }));
  say({ op: body.op, total: 2, outcomes });
  await done;
  expect(list.ids()).toEqual([]);
  void actions.undoLast();
  const undoing = await asked("undo");
  for (const n of [0, 1]) store.apply(trashed(n, 2));
  expect(list.ids().toSorted()).toEqual(["image-0", "image-1"]);
  undoing.say({ undone: 2, changed: 0, gone: 0, failed: 0, outcomes: [] });
});

test("what a change did not come to is as it was", async () => {
  for (const n of [0, 1]) store.apply(image(n));
  const { MOST } = await import("./targets");
  const others = Array.from({ length: MOST - 1 }, (_, n) => `other-${n}`);
  const done = actions.setFavorite(["image-0", ...others, "image-1"], true);
  const { body, say } = await asked("bulk");
  say({ op: body.op, total: MOST, outcomes: [{ id: "image-0", outcome: "done", rev: 2 }] });
  (await asked("bulk")).say(null);
  await done;
  expect(images.imageOf("image-0")?.favorite).toBe(true);
  expect(images.imageOf("image-1")?.favorite).toBe(false);
});

test("what somebody has changed since is not shown as undone", async () => {
  for (const n of [0, 1]) store.apply(image(n));
  const done = actions.trash(["image-0", "image-1"]);
  const { body, say } = await asked("bulk");
  const outcomes = [0, 1].map((n) => ({ id: `image-${n}`, outcome: "done", rev: 2 }));
  say({ op: body.op, total: 2, outcomes });
  await done;
  store.apply(trashed(1, 4));
  const undone = actions.undoLast();
  const now = [
    { id: "image-0", outcome: "undone", rev: 3 },
    { id: "image-1", outcome: "changed", rev: 4 },
  ];
  (await asked("undo")).say({ undone: 1, changed: 1, gone: 0, failed: 0, outcomes: now });
  await undone;
  expect(list.ids()).toEqual(["image-0"]);
  expect(images.imageOf("image-1")?.status).toBe("trash");
});

test("the tags of one image are added and taken back by the server, which knows all of them", async () => {
  store.apply(image(0));
  const done = actions.addTags(["image-0"], ["fox"]);
  const { body, say } = await asked("bulk");
  expect(body).toMatchObject({ action: "tag", ids: ["image-0"], tags: ["fox"] });
  say({ op: body.op, total: 1, outcomes: [{ id: "image-0", outcome: "done", rev: 2 }] });
  await done;
  const undone = actions.undoLast();
  const undoing = await asked(`ops/${body.op as string}/undo`);
  undoing.say({ undone: 1, changed: 0, gone: 0, failed: 0, outcomes: [] });
  await undone;
  expect(waiting).toEqual([]);
});

test("two changes that are undone before the server has answered are so in their order", async () => {
  for (const n of [0, 1]) store.apply(image(n));
  const both = ["image-0", "image-1"];
  const done = [actions.setFavorite(both, true), actions.trash(both)];
  const say = ({ body, say }: Waiting, rev: number): void =>
    say({ op: body.op, total: 2, outcomes: both.map((id) => ({ id, outcome: "done", rev })) });
  const favorite = await asked("bulk");
  say(favorite, 2);
  const deleted = await asked("bulk");
  const undone = [actions.undoLast(), actions.undoLast()];
  await settled();
  say(deleted, 3);
  for (const { body } of [deleted, favorite]) {
    const one = await asked("undo");
    expect(one.path).toContain(body.op);
    one.say({ undone: 2, changed: 0, gone: 0, failed: 0, outcomes: [] });
  }
  await Promise.all([...done, ...undone]);
});

test("after a reset each page of a long day is asked for when it is looked at", async () => {
  const loading = list.load();
  (await asked("timeline")).say({ days: [{ date: "2026-03-14", count: 400 }] });
  await loading;
  const [day] = list.days.peek();
  const see = (from: number): void => {
    if (day) list.look([{ day, from, to: from + 10 }]);
  };
  const known = Array.from({ length: 400 }, (_, n) => ({ ...image(1), id: `long-${n}` }));
  const answer = async (from: number): Promise<void> => {
    see(from);
    const items = known.slice(from, from + 200);
    (await asked("images?")).say({ items, next_cursor: from ? null : "more", total: null });
    await settled();
  };
  await answer(0);
  await answer(200);
  const again = list.reload();
  (await asked("timeline")).say({ days: [{ date: "2026-03-14", count: 400 }] });
  await again;
  await answer(0);
  await answer(200);
  see(0);
  expect(waiting).toEqual([]);
});

test("an image that is purged, and was never looked at, is counted no longer", async () => {
  const loading = list.load();
  (await asked("timeline")).say({ days: [{ date: "2026-03-14", count: 3 }] });
  await loading;
  store.gone("image-1");
  (await asked("timeline")).say({ days: [{ date: "2026-03-14", count: 2 }] });
  await settled();
  expect(list.total).toBe(2);
});
