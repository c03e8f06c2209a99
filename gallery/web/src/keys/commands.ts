// What the shortcuts do: to what is in the viewer, or else to what is selected, or else to the
// image that has the focus.

import { signal } from "@preact/signals";

import * as actions from "../actions";
import { isEverything, type Which } from "../changes";
import { imageOf } from "../images";
import { route } from "../route";
import { focusSearch } from "../search/field";
import { present } from "../sections";
import * as selection from "../selection/selection";
import * as chosen from "../selection/commands";
import { tagging } from "../selection/tagging";
import { show } from "../timeline/cursor";
import { attempt } from "../ui/Toasts";
import { viewerKeys } from "../viewer/keys";
import type { Command } from "./table";

/** What a shortcut has opened. */
export const opened = signal<"sheet" | "date" | null>(null);

const IN_VIEWER: Partial<Record<Command, () => void>> = viewerKeys;

/** Gives whether the key was of use. */
export function run(command: Command): boolean {
  const act = inViewer() && command !== "close" ? IN_VIEWER[command] : undefined;
  if (!act) return OWN[command]();
  act();
  return true;
}

/** The image in the viewer, as soon as it is known: at the address of none there is nothing that
 * keys could be for. */
function inViewer(): string | undefined {
  const { image, compare } = route.peek();
  return image && !compare && imageOf(image) ? image : undefined;
}

/** Whether something lies over the page, whose images are then out of reach. */
function isCovered(): boolean {
  const { image, compare } = route.peek();
  return image !== null || compare !== null;
}

/** The image that has the focus. */
const focused = (): string | undefined =>
  document.activeElement?.closest<HTMLElement>(".tile[data-id]")?.dataset.id;

/** The image in the viewer, or else the one that has the focus. */
const one = (): string | undefined => (isCovered() ? inViewer() : focused());

function subject(): Which | null {
  if (!isCovered() && selection.isSelecting.peek()) return selection.chosen();
  const id = one();
  return id ? [id] : null;
}

const isTrash = (): boolean => {
  const { page, image } = route.peek();
  return page === "trash" || (image !== null && imageOf(image)?.status === "trash");
};

/** The focus goes to the next image that is still there, or else to the one before. */
function inPlace(act: () => unknown): void {
  const [id, list] = [focused(), present.peek()];
  const ids = list?.ids() ?? [];
  const at = id ? ids.indexOf(id) : -1;
  act();
  if (!id || !list || at < 0 || list.has(id)) return;
  const stays = (other: string): boolean => list.has(other);
  const next = ids.slice(at + 1).find(stays) ?? ids.slice(0, at).findLast(stays);
  if (next) show(next);
  else document.getElementById("main")?.focus();
}

function to(act: (which: Which) => unknown): boolean {
  const which = subject();
  if (!which) return false;
  if (!route.peek().image) selection.selectNone();
  inPlace(() => act(which));
  return true;
}

function toIds(several: () => unknown, act: (ids: string[]) => unknown): boolean {
  const which = subject();
  if (!which) return false;
  if (selection.isSelecting.peek() && !route.peek().image) void several();
  else if (!isEverything(which)) void act([...which]);
  return true;
}

function open(what: "sheet" | "date"): boolean {
  opened.value = what;
  return true;
}

const OWN: Record<Command, () => boolean> = {
  close() {
    if (isCovered() || !selection.isSelecting.peek()) return false;
    selection.selectNone();
    return true;
  },
  select() {
    const id = one();
    if (id) selection.toggle(id);
    return id !== undefined;
  },
  selectDay() {
    const id = focused();
    const day = id ? present.peek()?.dayWith(id) : undefined;
    if (day) void attempt(() => selection.toggleDay(day));
    return day !== undefined;
  },
  selectAll() {
    if (isCovered() || !present.peek()) return false;
    selection.selectAll();
    return true;
  },
  favorite() {
    const which = subject();
    if (!which || isTrash()) return false;
    if (!isEverything(which) && which.length === 1 && which[0]) {
      void actions.setFavorite(which, !imageOf(which[0])?.favorite);
    } else {
      chosen.favoriteChosen();
    }
    return true;
  },
  compare() {
    const isTwo = !isCovered() && !isTrash() && selection.count.peek() === 2;
    if (isTwo) void chosen.compareChosen();
    return isTwo;
  },
  info: () => false,
  zoom: () => false,
  tag() {
    const which = subject();
    if (!which || isTrash()) return false;
    tagging.value = which;
    return true;
  },
  search: focusSearch,
  date: () => present.peek()?.isDated === true && !isCovered() && open("date"),
  trash: () => (isTrash() ? toIds(chosen.purgeChosen, actions.purgeAll) : to(actions.trash)),
  restore: () => isTrash() && to(actions.restore),
  undo() {
    void actions.undoLast();
    return true;
  },
  download: () => toIds(chosen.downloadChosen, actions.download),
  sheet: () => open("sheet"),
};
