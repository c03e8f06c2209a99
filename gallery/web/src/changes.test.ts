import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

import type { Image } from "./api";
import type { Everything } from "./changes";
import type { Listing } from "./listing";

type Answer = (path: string, body: Record<string, unknown>) => [number, unknown];

let actions: typeof import("./actions");
let images: typeof import("./images");
let store: typeof import("./store");
let Toasts: typeof import("./ui/Toasts").Toasts;
let list: Listing;
let asked: [string, Record<string, unknown>][] = [];

const image = (n: number): Image =>
  ({
    id: `image-${n}`,
    kind: "output",
    status: "active",
    created_at: "2026-03-14T12:00:00Z",
    deleted_at: null,
    rev: 1,
    width: 4,
    height: 3,
    bytes: 100,
    tags: [],
    favorite: false,
  }) as unknown as Image;
const ids = ["image-0", "image-1", "image-2"];
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

function answering(answer: Answer): void {
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    const body = JSON.parse((init.body as string | undefined) ?? "{}") as Record<string, unknown>;
    if (path.endsWith("/me")) return new Promise(() => undefined);
    asked.push([path.replace("/api/v1/", ""), body]);
    const [status, said] = answer(path, body);
    return Promise.resolve(new Response(JSON.stringify(said), { status }));
  });
}

function report(body: Record<string, unknown>, failed: string[] = []): unknown {
  const named = body.ids as string[];
  const outcomes = named.map((id) =>
    failed.includes(id)
      ? { id, outcome: "failed", rev: null, code: "unavailable" }
      : { id, outcome: "done", rev: 2 },
  );
  return { op: body.op, total: named.length, failed: failed.length, outcomes };
}

function takenBack(named: string[]): unknown {
  const outcomes = named.map((id) => ({ id, outcome: "undone", rev: 3 }));
  return { undone: named.length, changed: 0, gone: 0, failed: 0, outcomes };
}

/** What a change needs that is asked for again and again, in vain. */
async function inVain(done: Promise<void>): Promise<void> {
  await vi.advanceTimersByTimeAsync(5000);
  await done;
}

const opsOf = (what: string): unknown[] =>
  asked.filter(([path]) => path === what).map(([, body]) => body.op);
const undos = (): string[] => asked.map(([path]) => path).filter((path) => path.endsWith("undo"));
const toasts = (): string => JSON.stringify(Toasts());

beforeAll(async () => {
  vi.stubGlobal("location", { href: "http://gallery.example/" });
  vi.stubGlobal("addEventListener", () => undefined);
  [actions, images, store, { Toasts }] = await Promise.all([
    import("./actions"),
    import("./images"),
    import("./store"),
    import("./ui/Toasts"),
  ]);
});

beforeEach(async () => {
  const { Listing } = await import("./listing");
  list = new Listing("output", {});
  store.listing.value = list;
  for (const n of [0, 1, 2]) {
    images.forget(`image-${n}`);
    store.apply(image(n));
  }
  asked = [];
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("several images leave the page before the server has answered", async () => {
  answering((_, body) => [200, report(body)]);
  const done = actions.trash(ids.slice(0, 2));
  expect(list.ids()).toEqual(["image-2"]);
  await done;
  expect(asked).toMatchObject([["images/bulk", { action: "delete", ids: ids.slice(0, 2) }]]);
});

test("those that could not be changed are put back, and the others are not", async () => {
  answering((_, body) => [200, report(body, ["image-1"])]);
  await actions.trash(ids);
  expect(list.ids()).toEqual(["image-1"]);
});

test("all are put back when the server refuses", async () => {
  answering(() => [403, { code: "forbidden", detail: "no" }]);
  await actions.trash(ids);
  expect(list.ids().toSorted()).toEqual(ids);
});

test("an image that is no more is not put back", async () => {
  answering(() => [404, { code: "unknown_image", detail: "no such image" }]);
  await actions.trash(["image-0"]);
  expect(list.has("image-0")).toBe(false);
});

test("what the server has told meanwhile is not undone by putting back", async () => {
  answering(() => [403, { code: "forbidden", detail: "no" }]);
  const done = actions.setFavorite(ids, true);
  store.apply({ ...image(1), rev: 2, tags: ["fox"] });
  await done;
  expect(images.imageOf("image-1")).toMatchObject({ rev: 2, tags: ["fox"] });
  expect(images.imageOf("image-0")).toMatchObject({ rev: 1, favorite: false });
});

test("one image is changed by itself, and undone by itself", async () => {
  answering((path) => [
    200,
    path.endsWith("restore")
      ? { ...image(0), rev: 3 }
      : { ...image(0), rev: 2, status: "trash", deleted_at: "2026-03-15T00:00:00Z" },
  ]);
  await actions.trash(["image-0"]);
  expect(list.has("image-0")).toBe(false);
  await actions.undoLast();
  expect(list.has("image-0")).toBe(true);
  expect(asked.map(([path]) => path)).toEqual(["images/image-0/delete", "images/image-0/restore"]);
});

test("an undo waits until what it undoes is done", async () => {
  let answer: (() => void) | undefined;
  answering((path, body) =>
    path.endsWith("undo") ? [200, takenBack(ids.slice(0, 2))] : [200, report(body)],
  );
  const ask = globalThis.fetch;
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    if (path.endsWith("bulk")) await new Promise<void>((resolve) => (answer = resolve));
    return ask(path, init);
  });
  const done = actions.trash(ids.slice(0, 2));
  const undone = actions.undoLast();
  await settled();
  expect(asked).toEqual([]);
  answer?.();
  await Promise.all([done, undone]);
  expect(asked.map(([path]) => path.replace(/[0-9a-f]{32}/, "op"))).toEqual([
    "images/bulk",
    "ops/op/undo",
  ]);
  expect(list.ids().toSorted()).toEqual(ids);
});

test.each([502, 503, 504])(
  "a change that %d was said of may be done, and is undone",
  async (status) => {
    vi.useFakeTimers();
    answering((path) => (path.endsWith("undo") ? [200, takenBack(ids)] : [status, null]));
    await inVain(actions.removeTags(ids, ["fox"]));
    expect(toasts()).toContain("It isn’t known whether anything was changed.");
    expect(toasts()).not.toContain("Tags taken off");
    expect(asked.some(([path]) => path.startsWith("timeline"))).toBe(true);
    const ops = opsOf("images/bulk");
    expect([ops.length, new Set(ops).size]).toEqual([3, 1]);
    await actions.undoLast();
    expect(undos()).toEqual([`ops/${String(ops[0])}/undo`]);
    expect(toasts()).toContain("Undone");
  },
);

test.each([500, 502, 503, 504])(
  "a change of one image that was answered with %d may be done: undoing it keeps what came since",
  async (status) => {
    const elsewhere = { ...image(0), rev: 2, tags: ["elsewhere"] };
    answering((path) => (path.endsWith("restore") ? [200, elsewhere] : [status, null]));
    await actions.trash(["image-0"]);
    expect(toasts()).toContain("It isn’t known whether anything was changed.");
    expect(list.has("image-0")).toBe(true);
    expect(asked.some(([path]) => path.startsWith("timeline"))).toBe(true);
    store.apply(elsewhere);
    await actions.undoLast();
    expect(asked.map(([path]) => path)).toContain("images/image-0/restore");
    expect(images.imageOf("image-0")).toMatchObject({ rev: 2, tags: ["elsewhere"] });
  },
);

test("a change that never came to the server leaves nothing to undo", async () => {
  vi.useFakeTimers();
  answering((path) => (path.endsWith("undo") ? [404, { code: "unknown_operation" }] : [504, null]));
  await inVain(actions.trash(ids));
  expect(list.ids().toSorted()).toEqual(ids);
  store.apply({ ...image(0), rev: 2, tags: ["elsewhere"] });
  await actions.undoLast();
  expect(toasts()).toContain("There is nothing to undo");
  expect(images.imageOf("image-0")).toMatchObject({ rev: 2, tags: ["elsewhere"] });
  expect(list.ids().toSorted()).toEqual(ids);
});

test("of a change of several parts, the one whose answer was lost is undone as well", async () => {
  vi.useFakeTimers();
  answering((path, body) => {
    if (path.endsWith("undo")) return [200, takenBack([])];
    return (body.ids as string[]).includes("image-2")
      ? [507, { code: "storage_full" }]
      : [200, report(body)];
  });
  const targets = function* () {
    yield { ids: ids.slice(0, 2) };
    yield { ids: ids.slice(2) };
  };
  const all = { total: 3, known: () => ids, targets, clear: () => undefined };
  await inVain(actions.trash(all as unknown as Everything));
  expect(toasts()).toContain("It isn’t known whether 1 of 3 images were changed.");
  await actions.undoLast();
  expect(undos()).toEqual(
    opsOf("images/bulk")
      .toReversed()
      .map((op) => `ops/${String(op)}/undo`),
  );
  expect(undos().length).toBe(2);
});

test("what was undone stays in sight when the change is told late", async () => {
  const gone = { ...image(0), rev: 2, status: "trash" as const };
  vi.stubGlobal("fetch", (path: string) =>
    path.includes("/delete")
      ? Promise.resolve(new Response(JSON.stringify(gone)))
      : new Promise(() => undefined),
  );
  await actions.trash(["image-0"]);
  expect(list.ids()).not.toContain("image-0");
  void actions.undoLast();
  await settled();
  store.apply(gone);
  expect(list.ids()).toContain("image-0");
});
