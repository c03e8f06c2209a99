// Whether the server and its storage can be reached, and trying again while they can't.

import { computed, effect, signal } from "@preact/signals";

import { connected } from "./live";
import { listing, me, meetSoon, reload } from "./store";

export type Trouble = "offline" | "gone" | "unavailable";

const EVERY_MS = 5_000;
const AWAY = [502, 503, 504, 507];

export const isOnline = signal(navigator.onLine);
addEventListener("online", () => (isOnline.value = true));
addEventListener("offline", () => (isOnline.value = false));

export const trouble = computed((): Trouble | null => {
  if (!isOnline.value) return "offline";
  const problem = listing.value?.problem.value;
  if (connected.value === false || problem?.isOffline) return "gone";
  return problem && AWAY.includes(problem.status) ? "unavailable" : null;
});

/** Grows when the server is there again, for what failed meanwhile and is not asked for by itself. */
export const returns = signal(0);

/** The events come back by themselves; answers have to be asked for. */
export function begin(): void {
  effect(() => {
    const isAway = trouble.value !== null && trouble.value !== "offline";
    if (!listing.value?.problem.value || !isAway) return undefined;
    const timer = setTimeout(reload, EVERY_MS);
    return () => clearTimeout(timer);
  });
  effect(() => {
    if (!trouble.value && !me.peek()) meetSoon();
  });
  let wasAway = false;
  effect(() => {
    if (wasAway && !trouble.value) returns.value = returns.peek() + 1;
    wasAway = trouble.value !== null;
  });
}
