// A recovery link that was opened: `/#recover={token}`.

import { signal } from "@preact/signals";

import { again } from "../live";

const NAME = "#recover=";
/** Tells the other tabs, which show the images of somebody whom they are no longer. */
const tabs = new BroadcastChannel("gallery owner");

export const token = signal<string | null>(null);

/** The token does not stay in the address bar, nor in the history. */
function take(): void {
  if (!location.hash.startsWith(NAME)) return;
  token.value = location.hash.slice(NAME.length);
  history.replaceState(history.state, "", location.pathname + location.search);
}

export function begin(): void {
  take();
  addEventListener("hashchange", take);
  tabs.onmessage = () => location.reload();
}

/** This browser is somebody else now: nothing that any tab knows is theirs. */
export function startOver(): void {
  again();
  tabs.postMessage("changed");
  location.replace("/");
}
