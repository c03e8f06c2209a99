import { expect, test } from "vitest";

import { Limited } from "./limited";

const turn = (): Promise<void> => new Promise((done) => setTimeout(done));

test("no more run at a time than may, and all have their turn in order", async () => {
  const limited = new Limited(2);
  const began: number[] = [];
  const ends: (() => void)[] = [];
  const { signal } = new AbortController();
  const all = [0, 1, 2, 3].map((n) =>
    limited.run(() => {
      began.push(n);
      return new Promise<number>((done) => ends.push(() => done(n)));
    }, signal),
  );
  await turn();
  expect(began).toEqual([0, 1]);
  ends[1]?.();
  await turn();
  expect(began).toEqual([0, 1, 2]);
  ends[0]?.();
  await turn();
  expect(began).toEqual([0, 1, 2, 3]);
  ends.forEach((end) => end());
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
});

test("what was given up, or fails, makes room for the next", async () => {
  const limited = new Limited(1);
  const given = new AbortController();
  const open = new AbortController().signal;
  const first = limited.run(() => Promise.reject(new Error("failed")), open);
  const second = limited.run(() => Promise.resolve("never asked"), given.signal);
  const third = limited.run(() => Promise.resolve("asked"), open);
  given.abort();
  await expect(first).rejects.toThrow("failed");
  await expect(second).rejects.toThrow();
  expect(await third).toBe("asked");
  expect(await limited.run(() => Promise.resolve("once more"), open)).toBe("once more");
});
