// The administrator's token: kept for the tab, and nowhere else.

import { signal } from "@preact/signals";

import type { Problem } from "../api";
import { keep, kept } from "../kept";

const KEY = "gallery.admin-token";

/** Empty as long as nobody is signed in. */
export const token = signal(kept("sessionStorage", KEY) ?? "");

/** Why the server took the token no longer. */
export const refusal = signal<Problem | null>(null);

export function signIn(text: string): void {
  keep("sessionStorage", KEY, text);
  refusal.value = null;
  token.value = text;
}

export function signOut(why: Problem | null = null): void {
  keep("sessionStorage", KEY, null);
  refusal.value = why;
  token.value = "";
}
