// What happens elsewhere, in other tabs, on other machines: told here as it happens.

import { signal } from "@preact/signals";

import type { Image } from "./api";
import { Stream, type Told } from "./stream";

export interface Change {
  op: "put" | "edit" | "trash" | "restore" | "purge";
  owner: string;
  id: string;
  rev: number;
  /** As it is now; null when it is gone. */
  image: Image | null;
}

/** `reload`: what happened can't be told one by one. */
export type Listener = (change: Change | "reload") => void;

/** Whether the stream is there; null before it was for the first time. */
export const connected = signal<boolean | null>(null);
const listeners = new Set<Listener>();
let restart: () => void = () => undefined;

export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function hear(told: Told): void {
  if ("open" in told) {
    if (told.open || connected.peek() !== null) connected.value = told.open;
    return;
  }
  const change =
    told.name === "load" || told.name === "reset" ? "reload" : (JSON.parse(told.data) as Change);
  for (const listener of listeners) listener(change);
}

/** Tabs share one stream where browsers let them; else each has its own while it is seen. */
export function begin(): void {
  const port = shared();
  if (!port) {
    alone();
    return;
  }
  port.onmessage = ({ data }: MessageEvent<Told>) => hear(data);
  restart = () => port.postMessage("restart");
  addEventListener("pagehide", () => port.postMessage("leave"));
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) location.reload();
  });
}

/** Where browsers know no such thing, or refuse it as they refuse to keep anything, null. */
function shared(): MessagePort | null {
  try {
    // Vite finds the worker by these very words.
    const worker = new SharedWorker(new URL("./live.worker.ts", import.meta.url), {
      type: "module",
      name: "gallery events",
    });
    return worker.port;
  } catch {
    return null;
  }
}

function alone(): void {
  const stream = new Stream(hear);
  const decide = (): void => {
    if (document.visibilityState === "visible") stream.start();
    else stream.stop();
  };
  restart = () => stream.restart();
  document.addEventListener("visibilitychange", decide);
  decide();
}

/** After this browser became somebody else. */
export const again = (): void => restart();
