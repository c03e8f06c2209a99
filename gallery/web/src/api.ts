// The only place that talks to the server. docs/api.md is the contract.

import type {
  Bulk,
  BulkAction,
  DayCount,
  Filters,
  Image,
  Kind,
  Me,
  Page,
  Status,
  Target,
  Undo,
} from "./shapes";

export type * from "./shapes";

type Value = string | number | boolean | null | undefined;

/** What the server refused, or why it could not be asked: `offline` is no answer at all. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly retrySeconds: number | null = null,
  ) {
    super(detail);
  }

  get isOffline(): boolean {
    return this.code === "offline";
  }
}

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
  return (response.status === 204 ? undefined : await response.json()) as T;
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
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** The server compares UTF-8; headers take a character for each byte. */
const bearer = (token: string): string =>
  `Bearer ${String.fromCharCode(...new TextEncoder().encode(token))}`;

async function problemOf(response: Response): Promise<Problem> {
  const after = Number(response.headers.get("retry-after"));
  const retry = Number.isFinite(after) && after > 0 ? after : null;
  try {
    const { code, detail, title } = (await response.json()) as Record<string, unknown>;
    return new Problem(response.status, String(code), String(detail ?? title), retry);
  } catch {
    return new Problem(response.status, "http_error", response.statusText, retry);
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

export const trashImage = (id: string): Promise<Image> => request("POST", `images/${id}/delete`);
export const restoreImage = (id: string): Promise<Image> => request("POST", `images/${id}/restore`);
export const purgeImage = (id: string): Promise<void> => request("POST", `images/${id}/purge`);
export const emptyTrash = (count: number): Promise<{ purged: number }> =>
  request("POST", "trash/empty", { body: { count } });

/** Copies an own image into a drawer. */
export const copyTo = (kind: Exclude<Kind, "output">, id: string): Promise<Image> =>
  request("POST", `${DRAWERS[kind]}/copy`, { body: { id } });

const TRIES = 3;

/** Many images at once. What was cut off is sent again under the same `op`, which is safe. */
export async function bulk(
  action: BulkAction,
  target: Target,
  more: { tags?: string[]; value?: boolean } = {},
): Promise<Bulk> {
  const body = { op: newId(), action, ...target, ...more };
  return again(() => request<Bulk>("POST", "images/bulk", { body }));
}

export const undo = (op: string): Promise<Undo> =>
  again(() => request<Undo>("POST", `ops/${op}/undo`));

async function again<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      const passes = error instanceof Problem && (error.isOffline || error.status === 503);
      if (!passes || tries === TRIES) throw error;
      const seconds = error.retrySeconds ?? tries;
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }
}

export const uploadPath = (kind: Kind): string =>
  kind === "output" ? "/api/v1/images" : `/api/v1/${DRAWERS[kind]}/upload`;
