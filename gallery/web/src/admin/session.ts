// The administrator's token: kept for the tab, and nowhere else.

import { signal } from "@preact/signals";

import type { Problem } from "../api";

const KEY = "gallery.admin-token";

/** Empty as long as nobody is signed in. */
export const token = signal(sessionStorage.getItem(KEY) ?? "");

/** Why the server took the token no longer. */
export const refusal = signal<Problem | null>(null);

export function signIn(text: string): void {
  sessionStorage.setItem(KEY, text);
  refusal.value = null;
  token.value = text;
}

export function signOut(why: Problem | null = null): void {
  sessionStorage.removeItem(KEY);
  refusal.value = why;
  token.value = "";
}
