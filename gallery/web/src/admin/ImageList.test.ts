import { expect, test } from "vitest";

import { Problem, type Image, type Page } from "../api";
import { ImageList } from "./ImageList";

const image = (id: string, owner = "kim", status = "active"): Image =>
  ({ id, owner, status }) as Image;
const page = (ids: string[], next_cursor: string | null): Page =>
  ({ items: ids.map((id) => image(id)), total: 3, next_cursor }) as Page;
const idsOf = ({ items }: ImageList): string[] => items.value.map(({ id }) => id);

test("pages follow upon each other, and after the last nothing is asked for", async () => {
  const asked: string[] = [];
  const list = new ImageList((cursor) => {
    asked.push(cursor);
    return Promise.resolve(cursor === "" ? page(["a", "b"], "then") : page(["c"], null));
  });
  await Promise.all([list.more(), list.more()]);
  await list.more();
  await list.more();
  expect(asked).toEqual(["", "then"]);
  expect(idsOf(list)).toEqual(["a", "b", "c"]);
  expect(list.total.value).toBe(3);
});

test("after a failure the same page is asked for again", async () => {
  let fails = true;
  const list = new ImageList(() =>
    fails
      ? Promise.reject(new Problem(503, "unavailable", ""))
      : Promise.resolve(page(["a"], null)),
  );
  await list.more();
  expect(list.problem.value?.code).toBe("unavailable");
  fails = false;
  await list.more();
  expect(list.problem.value).toBeNull();
  expect(idsOf(list)).toEqual(["a"]);
});

test("a changed image takes the place of its own, and not of another owner's", async () => {
  const both = { ...page([], null), items: [image("a"), image("a", "lee")] };
  const list = new ImageList(() => Promise.resolve(both));
  await list.more();
  list.replace(image("a", "lee", "trash"));
  expect(list.items.value.map(({ status }) => status)).toEqual(["active", "trash"]);
});
