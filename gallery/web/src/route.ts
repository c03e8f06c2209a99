// The URL, and what it says is shown. Whoever changes what is shown goes through here.
//
//   /  /inputs  /controls  /trash  /you            a page, with filters as its query
//   /image/{id}, /{page}/{id}                      an image of it in the viewer
//   /compare/{id}/{id}                             two images
//
// Which paths these are, the server knows as well (PATHS in api/application.py).

import { computed, signal } from "@preact/signals";

import { queryOf, type Filters, type Kind } from "./api";

/** A page, or that the URL is of none. */
export type PageName = "gallery" | "inputs" | "controls" | "trash" | "you" | "unknown";

export interface Route {
  page: PageName;
  /** The image in the viewer. */
  image: string | null;
  compare: [string, string] | null;
  filters: Filters;
}

/** The visitor's images, all of them. */
export const GALLERY: Route = { page: "gallery", image: null, compare: null, filters: {} };

/** How an id is spelled. */
const ID = /^[0-9a-f]{32}$/;
const DRAWERS = ["inputs", "controls", "trash"] as const;
const PAGES = new Map<string, PageName>([
  ["", "gallery"],
  ...DRAWERS.map((name) => [name, name] as const),
  ["you", "you"],
]);
/** The page that an image is of, by what stands before its id. */
const WITH_IMAGE = new Map<string, PageName>([
  ["image", "gallery"],
  ...DRAWERS.map((name) => [name, name] as const),
]);
const FILTERS = [
  ["q", "q"],
  ["from", "from_date"],
  ["to", "to_date"],
  ["ratio", "aspect_ratio"],
  ["tag", "tag"],
  ["workflow", "workflow_id"],
  ["favorite", "favorite"],
] as const;

const RATIO = /^[1-9]\d{0,5}:[1-9]\d{0,5}$/;
/** In characters, as the server counts them. */
const LONGEST: Record<string, number> = { q: 500, tag: 100, workflow_id: 200 };
/** A calendar has no year before the first. */
const FIRST_DAY = "0001-01-01";

/** The pages that are timelines, by what they show. */
export const PAGE_OF: Record<Kind, PageName> = {
  output: "gallery",
  input: "inputs",
  control: "controls",
};
export const KINDS = Object.fromEntries(
  Object.entries(PAGE_OF).map(([kind, page]) => [page, kind]),
) as Partial<Record<PageName, Kind>>;

export function parse(url: URL): Route {
  const filters: Filters = {};
  for (const [short, name] of FILTERS) {
    const value = url.searchParams.get(short);
    if (value && isRight(name, value)) Object.assign(filters, { [name]: value });
  }
  return { ...placeOf(url.pathname), filters };
}

function placeOf(path: string): Omit<Route, "filters"> {
  const [first = "", ...ids] = path.split("/").slice(1);
  const [one, two, more] = ids;
  const unknown: Omit<Route, "filters"> = { page: "unknown", image: null, compare: null };
  if (more !== undefined || !ids.every((id) => ID.test(id))) return unknown;
  if (one === undefined) return { ...unknown, page: PAGES.get(first) ?? "unknown" };
  if (two !== undefined) {
    return first === "compare" ? { ...unknown, page: "gallery", compare: [one, two] } : unknown;
  }
  const page = WITH_IMAGE.get(first);
  return page ? { ...unknown, page, image: one } : unknown;
}

/** What somebody wrote into the URL, and can't be, is no filter. */
function isRight(name: string, value: string): boolean {
  if (name === "favorite") return value === "1" || value === "0";
  if (name === "aspect_ratio") return RATIO.test(value);
  if (!name.endsWith("_date")) return Array.from(value).length <= (LONGEST[name] ?? Infinity);
  if (value < FIRST_DAY) return false;
  const at = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(value);
}

export function hrefOf(wanted: Route): string {
  const query = queryOf(
    Object.fromEntries(FILTERS.map(([to, from]) => [to, wanted.filters[from]])),
  );
  if (wanted.compare) return `/compare/${wanted.compare.join("/")}${query}`;
  const { page, image } = wanted;
  if (page === "gallery") return `${image ? `/image/${image}` : "/"}${query}`;
  return `/${page}${image ? `/${image}` : ""}${query}`;
}

const current = signal<Route>(parse(new URL(location.href)));
/** How many of the history's entries before this one are ours. Each entry says so itself, also
 * when its page is loaded again. */
const depth = (): number => (history.state as { depth?: number } | null)?.depth ?? 0;

export const route = computed(() => current.value);

export function go(change: Partial<Route>, how: How = "push"): void {
  const wanted: Route = { ...current.peek(), ...change };
  // An entry that is still to be made is the one that is replaced.
  write(refused === "push" ? "push" : how, wanted);
  current.value = wanted;
}

// -- the history ----------------------------------------------------------------------------------

type How = "push" | "replace";

const AGAIN_MS = 1_000;
/** What the browser has not taken yet, and is offered again a little later. */
let refused: How | null = null;
let again: ReturnType<typeof setTimeout> | undefined;

/** Browsers take but so many of these in a while, fewer than one can page through: what is shown
 * doesn't wait for them. */
function write(how: How, wanted: Route): void {
  forgo();
  if (isTaken(how, hrefOf(wanted))) return;
  refused = how;
  again = setTimeout(() => write(how, current.peek()), AGAIN_MS);
}

/** Safari and Firefox throw where it is too much, Chromium says nothing. */
function isTaken(how: How, href: string): boolean {
  try {
    if (how === "push") history.pushState({ depth: depth() + 1 }, "", href);
    else history.replaceState({ depth: depth() }, "", href);
  } catch {
    return false;
  }
  return new URL(href, location.href).href === location.href;
}

function forgo(): void {
  clearTimeout(again);
  refused = null;
}

/** Back takes a moment, in which it may be asked for again: that would lead out of the page below. */
let isLeaving = false;

/** Leaves what lies over a page. Back, if that is where it was come from: so its place is
 * kept, and Forward leads here again. */
export function leave(): void {
  if (isLeaving) return;
  if (refused === "push") {
    // The history is still where it was come from.
    arrive();
    return;
  }
  isLeaving = depth() > 0;
  if (!isLeaving) {
    go({ image: null, compare: null }, "replace");
    return;
  }
  forgo();
  history.back();
}

addEventListener("popstate", arrive);

/** Shows what the address says. */
function arrive(): void {
  isLeaving = false;
  forgo();
  current.value = parse(new URL(location.href));
}

/** For links: a plain click stays in the application, all others are the browser's. */
export function follow(change: Partial<Route>): (event: MouseEvent) => void {
  return (event) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(change);
  };
}
