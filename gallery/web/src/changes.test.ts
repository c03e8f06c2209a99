import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

import type { Image } from "./api";
import type { Listing } from "./listing";

type Answer = (path: string, body: Record<string, unknown>) => [number, unknown];

let actions: typeof import("./actions");
let images: typeof import("./images");
let store: typeof import("./store");
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
    prompt: "a fox",
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
  const { Listing } = await import("./listing");
  list = new Listing("output", {});
  store.listing.value = list;
  for (const n of [0, 1, 2]) {
    images.forget(`image-${n}`);
    store.apply(image(n));
  }
  asked = [];
});

afterEach(() => vi.unstubAllGlobals());

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
    path.endsWith("undo")
      ? [200, { undone: 2, changed: 0, gone: 0, failed: 0, outcomes: [] }]
      : [200, report(body)],
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
