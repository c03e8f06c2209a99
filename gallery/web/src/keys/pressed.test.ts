import { expect, test } from "vitest";

import { pressed } from "./pressed";

const key = (name: string, code: string) =>
  pressed({ key: name, code, getModifierState: () => false } as unknown as KeyboardEvent).key;

test("a letter is that of the keyboard's own layout where it is Latin", () => {
  expect(key("z", "KeyZ")).toBe("z");
  expect(key("z", "KeyW")).toBe("z");
});

test("a letter is that of its place where the layout is not Latin, or an input method has it", () => {
  expect(key("ㄹ", "KeyF")).toBe("f");
  expect(key("Process", "KeyF")).toBe("f");
  expect(key("ф", "KeyA")).toBe("a");
});

test("signs and named keys are what they are", () => {
  expect(key("?", "Slash")).toBe("?");
  expect(key("Delete", "Delete")).toBe("Delete");
});
