// The URL says what is shown, behind its `#`: `#users`, `#images?user_id=kim`, `#trash`, `#server`,
// `#usage?days=365`. The token is never in it.

import { signal } from "@preact/signals";

import { queryOf } from "../api";

export const SECTIONS = ["users", "images", "trash", "server", "usage"] as const;
export type Section = (typeof SECTIONS)[number];
export type Query = Record<string, string>;

export interface Place {
  /** Null at a place that is none. */
  section: Section | null;
  query: Query;
}

export function parse(hash: string): Place {
  const [name = "", rest = ""] = hash.replace(/^#/, "").split("?", 2);
  const section = name ? (SECTIONS.find((one) => one === name) ?? null) : "users";
  return { section, query: Object.fromEntries(new URLSearchParams(rest)) };
}

export const hrefOf = (section: Section, query: Record<string, string | undefined> = {}): string =>
  `#${section}${queryOf(query)}`;

export const place = signal(parse(location.hash));
addEventListener("hashchange", () => (place.value = parse(location.hash)));

export function go(section: Section, query: Record<string, string | undefined> = {}): void {
  location.hash = hrefOf(section, query);
}

/** What is typed takes the place of what was: Back leads to what was shown before it. */
export function become(section: Section, query: Record<string, string | undefined>): void {
  history.replaceState(null, "", hrefOf(section, query));
  place.value = parse(location.hash);
}
