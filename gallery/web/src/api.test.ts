import { afterEach, expect, test, vi } from "vitest";
import { bulk, getMe, Problem, queryOf } from "./api";
import { said } from "./i18n";

afterEach(() => vi.unstubAllGlobals());

function answering(status: number, body: string, headers: Record<string, string> = {}): void {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status, headers })));
}

test("a refusal carries the code that the server gave, and when to ask again", async () => {
  answering(503, JSON.stringify({ code: "unavailable", detail: "away" }), { "retry-after": "5" });
  const refused = getMe();
  await expect(refused).rejects.toBeInstanceOf(Problem);
  await expect(refused).rejects.toMatchObject({ code: "unavailable", retrySeconds: 5 });
});

test("an answer that is no problem of ours is one all the same", async () => {
  answering(502, "<html>Bad gateway</html>");
  await expect(getMe()).rejects.toMatchObject({ status: 502, code: "http_error" });
});

test.each([
  "<html>\r\n<head><title>504 Gateway Time-out</title></head>",
  '{"message":"Endpoint request timed out"}',
  "",
])("nobody is shown what somebody in between said: %j", async (body) => {
  answering(504, body);
  const problem = await getMe().catch((error: unknown) => error as Problem);
  expect(said(problem as Problem)).toBe("The server did not answer as it should.");
});

test("no answer at all is being offline", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
  await expect(getMe()).rejects.toMatchObject({ isOffline: true });
});

test("what is not said is not asked", () => {
  expect(queryOf({ q: "fox snow", tag: "", page: null, size: 2 })).toBe("?q=fox+snow&size=2");
});

test("an answer that is cut off is asked for again", async () => {
  let tries = 0;
  vi.stubGlobal("fetch", () => {
    const cut = new ReadableStream({
      start(body) {
        body.enqueue(new TextEncoder().encode('{"op":'));
        body.error(new TypeError("network error"));
      },
    });
    return Promise.resolve(new Response(tries++ ? '{"op":"x","outcomes":[]}' : cut));
  });
  vi.useFakeTimers();
  const done = bulk("op", "delete", { ids: ["a"] });
  await vi.runAllTimersAsync();
  expect(await done).toMatchObject({ op: "x" });
  vi.useRealTimers();
});
