// Copies of own images, in a drawer.

import { copyTo, Problem, type Kind } from "../api";
import { go, type PageName } from "../route";
import { apply } from "../store";
import { said } from "../i18n";
import { tell } from "../ui/Toasts";
import { drawerName, t } from "./texts";

export type Drawer = Exclude<Kind, "output">;

export const DRAWERS: readonly Drawer[] = ["input", "control"];
/** They are copied one by one: more would take minutes. */
export const MOST_COPIES = 100;
const PAGES: Record<Drawer, PageName> = { input: "inputs", control: "controls" };

/** Copies them one after the other, so that they keep their order, and says what became of it.
 * Gives how many there are. */
export async function copyAll(kind: Drawer, ids: readonly string[]): Promise<number> {
  let done = 0;
  let problem: Problem | null = null;
  for (const id of ids.toReversed()) {
    try {
      apply(await copyTo(kind, id));
      done++;
    } catch (error) {
      problem = error instanceof Problem ? error : new Problem(0, "failed", String(error));
      if (problem.code !== "unknown_image") break;
    }
  }
  const show = (): void => go({ page: PAGES[kind], image: null, compare: null, filters: {} });
  if (problem) tell(said(problem));
  if (done) tell(t.copied(done, drawerName(kind)), t.show, show);
  return done;
}
