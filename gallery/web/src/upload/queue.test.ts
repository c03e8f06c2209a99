import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Problem, type Image, type Sending } from "../api";
import { Queue, type World } from "./queue";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const files = (count: number): File[] =>
  Array.from({ length: count }, (_, n) => new File(["x"], `${n}.png`));

/** A server that answers when it is told to. */
class Server implements World {
  readonly asked: (Sending & { answer: (error?: Problem) => void })[] = [];
  readonly images: Image[] = [];
  there = true;

  check = (): Promise<void> => Promise.resolve();
  isThere = (): Promise<boolean> => Promise.resolve(this.there);
  finished = (image: Image): void => void this.images.push(image);
  send = (sending: Sending): Promise<Image> =>
    new Promise((resolve, reject) => {
      const answer = (error?: Problem): void =>
        error ? reject(error) : resolve({ id: sending.file.name } as Image);
      sending.signal.addEventListener("abort", () => reject(new Error("aborted")));
      this.asked.push({ ...sending, answer });
    });

  /** Answers what was asked last. */
  async says(error?: Problem): Promise<void> {
    this.asked.at(-1)?.answer(error);
    await settled();
  }
}

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const states = (queue: Queue): string[] => queue.jobs.value.map(({ state }) => state);
const offline = new Problem(0, "offline", "");
const away = new Problem(503, "unavailable", "", 7);

async function begun(count: number): Promise<{ server: Server; queue: Queue }> {
  const server = new Server();
  const queue = new Queue(server);
  queue.add(files(count), "output");
  await settled();
  return { server, queue };
}

test("three are sent at a time, the next when one is done", async () => {
  const { server, queue } = await begun(5);
  expect(server.asked.length).toBe(3);
  await server.says();
  expect(server.asked.length).toBe(4);
  expect(states(queue)).toEqual(["sending", "sending", "done", "sending", "waiting"]);
  expect(server.images.map(({ id }) => id)).toEqual(["2.png"]);
});

test("what is refused fails, keeps its reason, and can be tried again with the same key", async () => {
  const { server, queue } = await begun(1);
  await server.says(new Problem(413, "quota_bytes", ""));
  expect(queue.jobs.value[0]).toMatchObject({ state: "failed", problem: { code: "quota_bytes" } });
  queue.retry([1]);
  await settled();
  await server.says();
  expect(states(queue)).toEqual(["done"]);
  expect(server.asked[0]?.key).toBe(server.asked[1]?.key);
});

test("all wait as long as the storage says, and go on by themselves", async () => {
  const { server, queue } = await begun(1);
  await server.says(away);
  queue.add(files(2), "output");
  expect(queue.held.value?.code).toBe("unavailable");
  await vi.advanceTimersByTimeAsync(6_900);
  expect(server.asked.length).toBe(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(queue.held.value).toBeNull();
  expect(server.asked.length).toBe(4);
  expect(server.asked[1]?.key).toBe(server.asked[0]?.key);
});

test("nobody gives up while the server is gone, and each wait is longer", async () => {
  const { server, queue } = await begun(1);
  server.there = false;
  for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
    await server.says(offline);
    expect(states(queue)).toEqual(["waiting"]);
    const before = server.asked.length;
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
    expect(server.asked.length).toBe(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.asked.length).toBe(before + 1);
  }
});

test("what breaks off while the server is there fails at last", async () => {
  const { server, queue } = await begun(1);
  for (const seconds of [1, 2]) {
    await server.says(offline);
    await vi.advanceTimersByTimeAsync(seconds * 1000);
  }
  await server.says(offline);
  expect(queue.jobs.value[0]).toMatchObject({ state: "failed", problem: { code: "broken_off" } });
});

test("news that the server is back ends the wait", async () => {
  const { server, queue } = await begun(1);
  await server.says(away);
  queue.resume();
  await settled();
  expect(server.asked.length).toBe(2);
});

test("what is cancelled is gone, its request too, and the next is sent", async () => {
  const { server, queue } = await begun(4);
  queue.drop([1]);
  await settled();
  expect(server.asked[0]?.signal.aborted).toBe(true);
  expect(server.asked.length).toBe(4);
  expect(queue.jobs.value.map(({ id }) => id)).toEqual([2, 3, 4]);
});

test("nothing waits for a wait that nobody needs", async () => {
  const { server, queue } = await begun(1);
  await server.says(away);
  queue.drop([1]);
  queue.add(files(1), "input");
  await settled();
  expect(server.asked.at(-1)?.kind).toBe("input");
});
