// What can be done with all that is selected.

import { download, purgeAll, restore, setFavorite, trash } from "../actions";
import { imageOf } from "../images";
import { go } from "../route";
import { present } from "../sections";
import { MOST } from "../targets";
import { attempt, tell } from "../ui/Toasts";
import { copyAll, type Drawer } from "../upload/copying";
import { chosen, chosenIds, isSelected, selectNone } from "./selection";
import { t } from "./texts";

export function trashChosen(): void {
  const which = chosen();
  selectNone();
  void trash(which);
}

export function restoreChosen(): void {
  const which = chosen();
  selectNone();
  void restore(which);
}

/** Makes all of them favourites; or none of them, if all that are known were. */
export function favoriteChosen(): void {
  void setFavorite(chosen(), !allAreFavorites());
}

export function allAreFavorites(): boolean {
  const ids = (present.value?.ids() ?? []).filter(isSelected);
  return ids.length > 0 && ids.every((id) => imageOf(id)?.favorite);
}

const named = (act: (ids: string[]) => unknown): Promise<void> =>
  attempt(async () => {
    const ids = await chosenIds(MOST);
    if (ids?.length) await act(ids);
    else tell(ids ? t.left : t.tooMany);
  });

export const downloadChosen = (): Promise<void> => named(download);
export const purgeChosen = (): Promise<void> => named(purgeAll);

export const copyChosen = (kind: Drawer): Promise<void> => named((ids) => copyAll(kind, ids));

export const compareChosen = (): Promise<void> =>
  named(([a, b]) => a && b && go({ compare: [a, b] }));
