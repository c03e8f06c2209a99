// Changes shown at once, before the server has answered.

import type { Image } from "./api";
import { foresee as shownAhead, imageOf, putBack } from "./images";
import { applyAll, hide, reload } from "./store";

export interface Foreseen {
  before: readonly Image[];
  /** Whether there are images among them that nothing is known of. */
  isPartial: boolean;
  /** It turned out otherwise, for these or for all. */
  putBack: (ids?: ReadonlySet<string>) => void;
}

/** Shows images as they are going to be, at the revision that is known: what the server then
 * tells of them is newer, and replaces it. */
export function foresee(
  ids: readonly string[],
  to: (image: Image) => Image,
  leave: boolean,
): Foreseen {
  const before = ids.map(imageOf).filter((image) => image !== undefined);
  const isPartial = before.length < ids.length;
  applyAll(
    before.map((image) => ({ ...to(image), rev: image.rev })),
    shownAhead,
  );
  if (isPartial && leave) hide(ids);
  return {
    before,
    isPartial,
    putBack: (only) => {
      applyAll(only ? before.filter(({ id }) => only.has(id)) : before, putBack);
      if (isPartial) reload();
    },
  };
}
