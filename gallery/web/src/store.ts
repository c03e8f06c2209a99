// What is shown, and what happens to it: the one place that takes in answers and events.

import { batch, computed, effect, signal, untracked } from "@preact/signals";

import { getMe, type Image, type Me } from "./api";
import { forget, imageOf, remember, whose } from "./images";
import { Listing } from "./listing";
import { connected, listen, type Change } from "./live";
import { KINDS, route } from "./route";
import { present } from "./sections";

/** The timeline that the route shows; null where it shows another kind of page. */
export const listing = signal<Listing | null>(null);
/** New images that wait to be shown, as one is looking further down. */
export const fresh = signal<readonly Image[]>([]);
/** Set by the timeline. */
export const isAtTop = signal(true);
export const me = signal<Me | null>(null);
/** Told of each image that changed: as it is now, or with null, that it is gone. */
type Watcher = (id: string, image: Image | null) => void;
const watchers = new Set<Watcher>();

export function watch(watcher: Watcher): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

// -- what is shown --------------------------------------------------------------------------------

/** Equal as long as the same images are to be shown, whatever lies over them. */
const wanted = computed(() => {
  const { page, filters } = route.value;
  const kind = KINDS[page];
  return kind ? JSON.stringify([kind, filters]) : "";
});

export function begin(): void {
  effect(() => {
    const name = wanted.value;
    listing.peek()?.close();
    const { page, filters } = route.peek();
    const kind = name && KINDS[page];
    batch(() => {
      fresh.value = [];
      listing.value = kind ? new Listing(kind, filters) : null;
    });
    scrollTo(0, 0);
    void listing.peek()?.load();
  });
  listen((change) => (change === "reload" ? reload() : happened(change)));
  effect(() => {
    if (isAtTop.value && fresh.value.length) showFresh();
  });
  let [wasAway, wasThere] = [false, false];
  effect(() => {
    if (connected.value === false) wasAway = true;
    else if (connected.value && wasAway && listing.peek()?.problem.peek()) reload();
    else if (connected.value && !wasThere) untracked(recount);
    if (connected.value) wasThere = true;
  });
  meetSoon();
}

export function reload(): void {
  void listing.peek()?.reload();
  for (const watcher of watchers) watcher("", null);
  meetSoon();
}

/** Nobody has told what happened after the lists were asked for, and before the events began. */
function recount(): void {
  void listing.peek()?.load();
  for (const watcher of watchers) watcher("", null);
  meetSoon();
}

let meeting: ReturnType<typeof setTimeout> | undefined;
let [asked, answered] = [0, 0];

/** Counts and bytes again, once for many changes. */
export function meetSoon(): void {
  meeting ??= setTimeout(() => {
    meeting = undefined;
    const mine = ++asked;
    getMe().then(
      (now) => {
        if (mine < answered) return;
        answered = mine;
        meet(now);
      },
      () => undefined,
    );
  }, 100);
}

/** A browser that lost its cookie, or got another, is somebody else, and nothing that is shown is
 * theirs. One that takes no cookies is somebody else each time. */
export function meet(now: Me): void {
  // Images may have been listed before anybody said whose they are.
  const before = me.peek()?.owner ?? whose();
  if (before && before !== now.owner && navigator.cookieEnabled) location.reload();
  else me.value = now;
}

// -- what happens ---------------------------------------------------------------------------------

function happened({ op, owner, id, rev, image }: Change): void {
  const mine = me.peek();
  if (mine && mine.owner !== owner) {
    meetSoon();
    return;
  }
  const old = imageOf(id);
  if (old && old.rev > rev && op !== "edit") return;
  if (!image) {
    gone(id);
    return;
  }
  const list = listing.peek();
  if (op === "put" && list?.belongs(image) && !list.has(id) && !isAtTop.peek()) {
    if (!fresh.peek().some((other) => other.id === id)) fresh.value = [image, ...fresh.peek()];
    meetSoon();
    return;
  }
  apply(image);
}

/** Takes in an image as the server has told it, wherever it is shown. */
export function apply(image: Image): void {
  const now = remember(image);
  fresh.value = fresh.peek().filter(({ id, rev }) => id !== now.id || rev > now.rev);
  listing.peek()?.put(now);
  for (const watcher of watchers) watcher(now.id, now);
  meetSoon();
}

/** Many at once, as they are or as they are going to be. */
export function applyAll(images: readonly Image[], take = remember): void {
  const list = listing.peek();
  batch(() => {
    const now = images.map(take);
    const ids = new Set(now.map(({ id }) => id));
    fresh.value = fresh.peek().filter(({ id }) => !ids.has(id));
    list?.removeAll(new Set(now.filter((one) => !list.belongs(one)).map(({ id }) => id)));
    for (const image of now) if (list?.belongs(image)) list.put(image);
    for (const image of now) for (const watcher of watchers) watcher(image.id, image);
  });
  meetSoon();
}

/** Takes images out of sight of which nothing is known but their places. */
export function hide(ids: readonly string[]): void {
  present.peek()?.removeAll(new Set(ids));
}

/** An image is no more. */
export function gone(id: string): void {
  fresh.value = fresh.peek().filter((other) => other.id !== id);
  const list = listing.peek();
  // It may be one of those that are known by their number alone; those in the trash are none.
  const isCounted = list && !list.has(id) && list.days.peek().some((day) => day.hasHoles);
  if (isCounted && imageOf(id)?.status !== "trash") list.loadSoon();
  list?.remove(id);
  for (const watcher of watchers) watcher(id, null);
  forget(id);
  meetSoon();
}

export function showFresh(): void {
  const images = fresh.peek();
  batch(() => {
    fresh.value = [];
    for (const image of images) apply(image);
  });
}
