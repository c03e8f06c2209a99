import { expect, test } from "vitest";

import { differ } from "./words";

const said = (first: string, second: string) =>
  differ(first, second).map(({ text, side }) => `${side}: ${text}`);

test("equal texts are one piece", () => {
  expect(said("a fox in snow", "a fox in snow")).toEqual(["both: a fox in snow"]);
});

test("words that were exchanged stand beside each other", () => {
  expect(said("a fox in snow", "a cat in snow")).toEqual([
    "both: a ",
    "first: fox",
    "second: cat",
    "both:  in snow",
  ]);
});

test("commas are words of their own", () => {
  expect(said("fox, snow", "fox, ice, snow")).toEqual([
    "both: fox, ",
    "second: ice, ",
    "both: snow",
  ]);
});

test("a text beside none is all of one side", () => {
  expect(said("안개 낀 새벽", "")).toEqual(["first: 안개 낀 새벽"]);
  expect(said("", "")).toEqual([]);
});

test("both sides give their texts back", () => {
  const [first, second] = ["one two, three four five", "zero two three, five six"];
  const pieces = differ(first, second);
  const side = (name: string) =>
    pieces.filter((piece) => piece.side !== name).map(({ text }) => text);
  expect(side("second").join("")).toBe(first);
  expect(side("first").join("")).toBe(second);
});

test("texts too long to compare word by word are shown whole", () => {
  const [first, second] = ["a ".repeat(1_000), "b ".repeat(1_000)];
  expect(differ(first, second)).toEqual([
    { text: first, side: "first" },
    { text: second, side: "second" },
  ]);
});
