// The only place that talks to the server. docs/api.md is the contract.

import { NOT_WHOLE, Problem } from "./problem";
import type {
  Bulk,
  BulkAction,
  DayCount,
  Facets,
  Filters,
  Image,
  Kind,
  Me,
  Page,
  Recovered,
  RecoveryLink,
  Status,
  Target,
  Undo,
} from "./shapes";

export { Problem };
export type * from "./shapes";

type Value = string | number | boolean | null | undefined;

export interface Options {
  query?: Record<string, Value>;
  body?: unknown;
  headers?: Record<string, string>;
  /** An administrator's. */
  token?: string;
  signal?: AbortSignal;
}

export function queryOf(values: Record<string, Value>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== "") query.set(name, String(value));
  }
  return query.size ? `?${query.toString()}` : "";
}

/** Raises Problem. */
export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await answerOf(method, path, options);
  if (response.status === 204) return undefined as T;
  return response.json().catch((error: unknown) => {
    throw options.signal?.aborted ? error : NOT_WHOLE;
  }) as Promise<T>;
}

/** A file as an image's `url` and `thumb_url` name it, for who has a token: an `<img>` sends none.
 * With this condition the server sends the bytes itself, wherever they lie. */
export async function getBytes(url: string, token: string, signal: AbortSignal): Promise<Blob> {
  const headers = { "if-none-match": '""' };
  return (await answerOf("GET", url, { token, headers, signal })).blob();
}

async function answerOf(method: string, path: string, options: Options): Promise<Response> {
  const { query = {}, body, token, signal } = options;
  const headers = { ...(token && { authorization: bearer(token) }), ...options.headers };
  const init: RequestInit = { method, headers: { ...headers } };
  if (signal) init.signal = signal;
  if (body instanceof FormData) init.body = body;
  else if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "content-type": "application/json", ...headers };
  }
  const url = path.startsWith("/") ? path : `/api/v1/${path}`;
  let response: Response;
  try {
    response = await fetch(`${url}${queryOf(query)}`, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, "offline", "no answer");
  }
  if (!response.ok) {
    const { status, headers: told } = response;
    throw problemOf(status, await response.text(), told.get("retry-after"));
  }
  return response;
}

/** The server compares UTF-8; headers take a character for each byte. */
const bearer = (token: string): string =>
  `Bearer ${String.fromCharCode(...new TextEncoder().encode(token))}`;

function problemOf(status: number, body: string, retryAfter: string | null): Problem {
  const retry = Number(retryAfter) > 0 ? Number(retryAfter) : null;
  try {
    const { code, detail, title } = JSON.parse(body) as Record<string, string | undefined>;
    return new Problem(status, code ?? "http_error", detail ?? title ?? "", retry);
  } catch {
    return new Problem(status, "http_error", "", retry);
  }
}

/** 128 random bits in hex. `crypto.randomUUID` and `crypto.subtle` are not there without TLS. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// -- lists --------------------------------------------------------------------------------------

export const timeZone = new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

const DRAWERS: Record<Kind, string> = { output: "images", input: "inputs", control: "controls" };

export const getMe = (): Promise<Me> => request("GET", "me");

export async function getTimeline(
  kind: Kind,
  filters: Filters,
  signal?: AbortSignal,
): Promise<DayCount[]> {
  const query = { tz: timeZone, kind, ...filters };
  const options: Options = signal ? { query, signal } : { query };
  return (await request<{ days: DayCount[] }>("GET", "timeline", options)).days;
}

export interface ListQuery {
  kind?: Kind;
  status?: Status;
  page?: number;
  size?: number;
  cursor?: string;
  count?: "1";
}

/** The images of a kind, newest first. Days are those of this browser's time zone. */
export function getImages(wanted: ListQuery & Filters, signal?: AbortSignal): Promise<Page> {
  const query = { tz: timeZone, links: "direct", ...wanted };
  return request("GET", "images", signal ? { query, signal } : { query });
}

export const getTrash = (cursor: string | null, size = 100): Promise<Page> =>
  request("GET", "trash", { query: { size, links: "direct", cursor } });

export const getImage = (id: string): Promise<Image> =>
  request("GET", `images/${id}`, { query: { links: "direct" } });

// -- changes ------------------------------------------------------------------------------------

export const patchImage = (
  id: string,
  change: { tags?: string[]; favorite?: boolean },
): Promise<Image> => request("PATCH", `images/${id}`, { body: change });

/** Only if the image is still at that revision; else a Problem, `precondition_failed`. */
export async function patchImageAt(
  id: string,
  rev: number,
  change: { tags?: string[]; favorite?: boolean },
): Promise<Image> {
  const now = await answerOf("GET", `images/${id}`, {});
  if (((await now.json()) as Image).rev !== rev) {
    throw new Problem(412, "precondition_failed", "It was changed meanwhile");
  }
  const headers = { "if-match": now.headers.get("etag") ?? "" };
  return request("PATCH", `images/${id}`, { body: change, headers });
}

export const trashImage = (id: string): Promise<Image> => request("POST", `images/${id}/delete`);
export const restoreImage = (id: string): Promise<Image> => request("POST", `images/${id}/restore`);
export const purgeImage = (id: string): Promise<void> => request("POST", `images/${id}/purge`);
export const emptyTrash = (count: number): Promise<{ purged: number }> =>
  request("POST", "trash/empty", { body: { count } });

/** Copies an own image into a drawer. */
export const copyTo = (kind: Exclude<Kind, "output">, id: string): Promise<Image> =>
  request("POST", `${DRAWERS[kind]}/copy`, { body: { id } });

const [TRIES, PASSING] = [3, [0, 502, 503, 504]];

/** Many images at once. What was cut off is sent again under the same `op`, which is safe. */
export async function bulk(
  op: string,
  action: BulkAction,
  target: Target,
  more: { tags?: string[]; value?: boolean } = {},
): Promise<Bulk> {
  const body = { op, action, ...target, ...more };
  return again(() => request("POST", "images/bulk", { body }));
}

/** Of images that were changed further, those as well of which that was undone. */
export const undo = (op: string): Promise<Undo> =>
  again(() => request<Undo>("POST", `ops/${op}/undo`, { body: { as_left: true } }));

async function again<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      const passes = error instanceof Problem && PASSING.includes(error.status);
      if (!passes || tries === TRIES) throw error;
      const seconds = error.retrySeconds ?? tries;
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }
}

// -- uploads ------------------------------------------------------------------------------------

export interface Sending {
  kind: Kind;
  file: File;
  /** The same one for each try: an upload whose answer was lost is not made twice. */
  key: string;
  signal: AbortSignal;
  onProgress: (sent: number, of: number) => void;
}

/** Sent by an XMLHttpRequest: fetch doesn't tell how much of a body is sent. */
export function upload({ kind, file, key, signal, onProgress }: Sending): Promise<Image> {
  const form = new FormData();
  form.append("file", file);
  const sender = new XMLHttpRequest();
  sender.open("POST", `/api/v1/${DRAWERS[kind]}${kind === "output" ? "" : "/upload"}`);
  sender.setRequestHeader("Idempotency-Key", key);
  sender.upload.onprogress = ({ loaded, total }) => onProgress(loaded, total);
  return new Promise((resolve, reject) => {
    sender.onerror = () => reject(new Problem(0, "offline", "no answer"));
    sender.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    sender.onload = () => {
      const { status, responseText } = sender;
      const [answer, after] = [new Response(responseText), sender.getResponseHeader("retry-after")];
      if (status < 300) answer.json().then(resolve, () => reject(NOT_WHOLE));
      else reject(problemOf(status, responseText, after));
    };
    signal.addEventListener("abort", () => sender.abort());
    sender.send(form);
  });
}

// -- the owner ----------------------------------------------------------------------------------

export const getFacets = (kind: Kind): Promise<Facets> =>
  request("GET", "facets", { query: { kind } });

export const getLinks = (): Promise<{ links: RecoveryLink[]; most: number }> =>
  request("GET", "me/links");
export const makeLink = (name: string): Promise<RecoveryLink> =>
  request("POST", "me/links", { body: name ? { name } : {} });
export const revokeLink = (id: string): Promise<void> => request("DELETE", `me/links/${id}`);

/** What a link is good for; with `confirm`, this browser becomes its owner. */
export const recover = (token: string, confirm: boolean): Promise<Recovered> =>
  request("POST", "me/recover", { body: { token, confirm } });
