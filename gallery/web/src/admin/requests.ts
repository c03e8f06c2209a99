// What administrators ask of the server, with their token. docs/api.md is the contract.

import { getBytes, Problem, request, timeZone, type Image, type Options, type Page } from "../api";
import { signOut, token } from "./session";
import type { Sorting } from "./sorting";

export interface User {
  user_id: string;
  active: number;
  trash: number;
  bytes: number;
  first: string | null;
  last: string | null;
}

export interface Users {
  items: User[];
  page: number;
  size: number;
  total: number;
}

export interface WantedUsers extends Sorting {
  page: number;
  size: number;
  /** A part of their names. */
  name: string;
}

export interface Wanted {
  user_id?: string;
  from_date?: string;
  to_date?: string;
  include?: "trash";
}

export interface Plan {
  count: number;
  bytes: number;
  users: Record<string, number>;
  purged: number;
  digest: string | null;
}

/** Whose trash is purged, and since when it has to be there. */
export interface Purge {
  user_id?: string;
  older_than_days: number;
}

export interface Store {
  name: string;
  reachable: boolean;
  why: string | null;
}

/** Null is what cannot be told. */
export interface Health {
  version: string;
  pid: number;
  began_at: string;
  uptime_seconds: number;
  storage: Store;
  catalog: Store;
  free_bytes: number | null;
  processes: { id: string; pid: number }[] | null;
  damaged: Record<string, number> | null;
  quarantined: number | null;
  moved: { turns: number; fallback_reads: number } | null;
}

export interface Job {
  name: string;
  began_at: string;
  seconds: number | null;
  figures: Record<string, number>;
  error: string | null;
  due_at: string | null;
}

export interface Jobs {
  leader: { host: string; pid: number } | null;
  jobs: Job[];
}

export interface DayUsage {
  date: string;
  owners: number;
  images: number;
  trash: number;
  bytes: number;
}

/** With the token of this tab, which is forgotten when the server no longer takes it. */
async function asked<T>(ask: (token: string) => Promise<T>): Promise<T> {
  const used = token.peek();
  try {
    return await ask(used);
  } catch (error) {
    const isRefused = error instanceof Problem && (error.status === 401 || error.status === 403);
    if (isRefused && used === token.peek()) signOut(error);
    throw error;
  }
}

const get = <T>(path: string, query: Options["query"], signal: AbortSignal): Promise<T> =>
  asked((token) => request<T>("GET", `admin/${path}`, { query: query ?? {}, token, signal }));

const post = <T>(path: string, options: Options): Promise<T> =>
  asked((token) => request<T>("POST", `admin/${path}`, { ...options, token }));

/** Raises Problem for a token that is not the administrator's. */
export const check = (token: string): Promise<unknown> =>
  request("GET", "admin/users", { query: { size: 1 }, token });

export const getUsers = (wanted: WantedUsers, signal: AbortSignal): Promise<Users> =>
  get("users", { ...wanted }, signal);

/** Days are those of this browser's time zone. */
export const getImages = (wanted: Wanted, cursor: string, signal: AbortSignal): Promise<Page> =>
  get("images", { tz: timeZone, size: 60, cursor, ...wanted }, signal);

/** Of an image's `thumb_url`. */
export const getThumbnail = (url: string, signal: AbortSignal): Promise<Blob> =>
  asked((token) => getBytes(url, token, signal));

export const trashImage = ({ id, owner }: Image): Promise<Image> =>
  post(`images/${id}/delete`, { query: { user_id: owner } });

export const restoreImage = ({ id, owner }: Image): Promise<Image> =>
  post(`images/${id}/restore`, { query: { user_id: owner } });

export const planPurge = (wanted: Purge): Promise<Plan> =>
  post("purge-trash", { query: { dry_run: 1 }, body: wanted });

/** Only if it is still as planned; else a Problem, `plan_changed`. */
export const carryOut = (wanted: Purge, { digest }: Plan): Promise<Plan> =>
  post("purge-trash", { body: { ...wanted, digest } });

export const getHealth = (signal: AbortSignal): Promise<Health> => get("health", {}, signal);
export const getJobs = (signal: AbortSignal): Promise<Jobs> => get("jobs", {}, signal);

export const getUsage = async (days: number, signal: AbortSignal): Promise<DayUsage[]> =>
  (await get<{ days: DayUsage[] }>("usage", { days }, signal)).days;
