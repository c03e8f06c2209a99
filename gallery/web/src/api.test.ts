import { afterEach, expect, test, vi } from "vitest";
import { images, Problem } from "./api";

afterEach(() => vi.unstubAllGlobals());

function answering(status: number, body: unknown): void {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(body), { status })));
}

test("a list is what the server answers", async () => {
  answering(200, { items: [], next_cursor: null });
  expect(await images()).toEqual({ items: [], next_cursor: null });
});

test("a refusal carries the code that the server gave", async () => {
  answering(503, { code: "unavailable", detail: "The storage is away" });
  const refused = images();
  await expect(refused).rejects.toBeInstanceOf(Problem);
  await expect(refused).rejects.toMatchObject({ status: 503, code: "unavailable" });
});
