import { signal } from "@preact/signals";
import { beforeEach, expect, test } from "vitest";

import type { Image } from "../api";
import { forget, remember } from "../images";
import { Order } from "./order";
import type { Source } from "./source";

let rev = 0;

const put = (id: string, status: Image["status"] = "active") =>
  remember({ id, status, rev: ++rev } as Image);

/** An order that is known whole. */
class Plain implements Source {
  readonly version = signal(0);
  constructor(readonly ids: string[]) {}

  get total() {
    return this.ids.length;
  }
  indexOf = (id: string) => this.ids.indexOf(id);
  at = (index: number) => this.ids[index] ?? null;
  idAt = (index: number) => Promise.resolve(this.at(index));
  find = ({ id }: Image) => Promise.resolve(this.indexOf(id));
  show = () => undefined;
}

const seen = (order: Order) => Array.from({ length: order.count }, (_, index) => order.at(index));

beforeEach(() => {
  for (const id of "abcd") {
    forget(id);
    put(id);
  }
});

test("an image has its place among the others", () => {
  const order = new Order("b");
  expect(order.take(new Plain(["a", "b", "c"]))).toBe("moved");
  expect([order.index, seen(order)]).toEqual([1, ["a", "b", "c"]]);
});

test("images that come before move it", () => {
  const order = new Order("b");
  const source = new Plain(["b", "c"]);
  order.take(source);
  source.ids.unshift("a");
  order.take(source);
  expect([order.index, order.count]).toEqual([1, 3]);
});

test("an image that is nowhere stands alone until it is found", async () => {
  const order = new Order("b");
  const source = new Plain(["a"]);
  expect(order.take(source)).toBe("seek");
  await order.seek();
  expect([order.index, seen(order)]).toEqual([0, ["b"]]);
  source.ids.push("b");
  order.take(source);
  expect([order.index, seen(order)]).toEqual([1, ["a", "b"]]);
});

test("an image that no longer matches stays between its neighbours", async () => {
  const order = new Order("b");
  const source = new Plain(["a", "b", "c"]);
  order.take(source);
  source.ids.splice(1, 1);
  expect(order.take(source)).toBe("seek");
  await order.seek();
  expect([order.index, seen(order)]).toEqual([1, ["a", "b", "c"]]);
  expect(["a", "b", "c"].map((id) => order.placeOf(id))).toEqual([0, 1, 2]);
  order.turn(2, "c");
  expect([order.index, seen(order)]).toEqual([1, ["a", "c"]]);
});

test("one that was trashed makes way for the next, and the last for the one before", async () => {
  const order = new Order("b");
  const source = new Plain(["a", "b", "c"]);
  for (const next of ["c", "a"]) {
    order.take(source);
    put(order.id, "trash");
    source.ids.splice(source.indexOf(order.id), 1);
    expect(order.take(source)).toBe("left");
    const found = await order.successor();
    expect(found?.[1]).toBe(next);
    if (found) order.replace(found);
  }
  put("a", "trash");
  source.ids.length = 0;
  expect(order.take(source)).toBe("left");
  expect(await order.successor()).toBeNull();
});

test("one that is gone for ever makes way wherever it stands", () => {
  const order = new Order("b");
  order.take(new Plain(["a", "b", "c"]));
  expect(order.take(new Plain(["a", "c"]), true)).toBe("left");
});
