// The tags of one image, edited one by one and among other changes.

import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

import type { Image } from "./api";

let actions: typeof import("./actions");
let changes: typeof import("./changes");
let images: typeof import("./images");
let store: typeof import("./store");

/** The image as the server has it. */
let there: Image;
/** What a request waits for before the server takes it. */
let held: Promise<void> | undefined;

const add = (tag: string): Promise<void> => actions.editTags("image-0", (old) => [...old, tag]);
const edited = (change: Partial<Image>): Image => {
  there = { ...there, ...change, rev: there.rev + 1 };
  return there;
};

async function answer(path: string, init: RequestInit): Promise<Response> {
  if (path.endsWith("/me")) return new Promise(() => undefined);
  if (init.method === "PATCH") {
    await held;
    const wanted = (init.headers as Record<string, string>)["if-match"];
    if (wanted && wanted !== `"${there.rev}"`) {
      return new Response('{"code":"precondition_failed"}', { status: 412 });
    }
    edited(JSON.parse(init.body as string) as Partial<Image>);
  }
  return new Response(JSON.stringify(there), { headers: { etag: `"${there.rev}"` } });
}

beforeAll(async () => {
  vi.stubGlobal("location", { href: "http://gallery.example/" });
  vi.stubGlobal("addEventListener", () => undefined);
  [actions, changes, images, store] = await Promise.all([
    import("./actions"),
    import("./changes"),
    import("./images"),
    import("./store"),
  ]);
});

beforeEach(() => {
  held = undefined;
  there = { id: "image-0", kind: "output", status: "active", rev: 1, tags: [] } as never;
  there.created_at = "2026-03-14T12:00:00Z";
  images.forget("image-0");
  store.apply(there);
  vi.stubGlobal("fetch", answer);
});

afterEach(() => vi.unstubAllGlobals());

test("two edits of an image's tags are undone one after the other", async () => {
  await add("fox");
  await add("snow");
  await actions.undoLast();
  expect(there.tags).toEqual(["fox"]);
  await actions.undoLast();
  expect(there.tags).toEqual([]);
  expect(images.imageOf("image-0")?.tags).toEqual([]);
});

test("tags are given back beside what else was changed since", async () => {
  await add("fox");
  edited({ favorite: true });
  await actions.undoLast();
  expect(there).toMatchObject({ tags: [], favorite: true });
});

test("tags that somebody has changed since are not given back", async () => {
  await add("fox");
  edited({ tags: ["fox", "theirs"] });
  await actions.undoLast();
  expect(there.tags).toEqual(["fox", "theirs"]);
});

test("a tag that is added before a heart was answered is taken", async () => {
  let goOn: (() => void) | undefined;
  held = new Promise((resolve) => (goOn = resolve));
  const hearted = actions.setFavorite(["image-0"], true);
  const tagged = add("fox");
  expect(changes.pending.value).toBe(2);
  await new Promise((resolve) => setTimeout(resolve));
  goOn?.();
  await Promise.all([hearted, tagged]);
  expect(there).toMatchObject({ tags: ["fox"], favorite: true });
  expect(images.imageOf("image-0")).toMatchObject({ tags: ["fox"], favorite: true, rev: 3 });
  expect(changes.pending.value).toBe(0);
});
