// The uploads of this tab.

import { effect } from "@preact/signals";

import { getMe, Problem, upload, type Kind } from "../api";
import { bytes } from "../formats";
import { said } from "../i18n";
import { connected } from "../live";
import { KINDS, route } from "../route";
import { stayWhile } from "../staying";
import { apply, me, meet } from "../store";
import { check } from "./checks";
import { Queue } from "./queue";
import { t } from "./texts";

export const queue = new Queue({
  check: checkNow,
  send: upload,
  isThere: () =>
    getMe().then(
      () => true,
      (error: unknown) => error instanceof Problem && !error.isOffline,
    ),
  finished: apply,
});

/** Where files go from the page that is shown. */
export function drawer(): Kind {
  const { page } = route.value;
  return KINDS[page] ?? "output";
}

/** What is known of the room may be old, and is not relied upon to refuse a file. */
async function checkNow(file: File): Promise<void> {
  try {
    await check(file, me.peek());
  } catch (error) {
    if (!(error instanceof Problem && error.code.startsWith("quota"))) throw error;
    meet(await getMe());
    await check(file, me.peek());
  }
}

const problems: Record<string, string> = t.problems;

/** Why a file was not uploaded. */
export function reason(problem: Problem): string {
  const most = me.value?.max_upload_bytes;
  if (problem.code === "body_too_large" && most) return t.tooLarge(bytes(most));
  return problems[problem.code] ?? said(problem);
}

const HOPELESS = new Set([
  "unsupported_image",
  "damaged_image",
  "too_many_pixels",
  "image_too_costly",
  "body_too_large",
  "empty",
]);

/** Whether the same file may be taken another time. */
export const mayHelp = (problem: Problem | null): boolean =>
  problem !== null && !HOPELESS.has(problem.code);

/** Goes on when the server is there again, and asks before the page is left with uploads on
 * their way. */
export function begin(): void {
  effect(() => {
    if (connected.value) queue.resume();
  });
  addEventListener("online", () => queue.resume());
  stayWhile(() => queue.left.value > 0);
}
