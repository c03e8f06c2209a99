// The trash as the viewer pages through it.

import type { Image } from "../api";
import { show } from "../timeline/cursor";
import type { Source } from "../viewer/source";
import type { TrashList } from "./TrashList";

export function sourceOf(list: TrashList): Source {
  return {
    version: list.version,
    get total() {
      return list.total;
    },
    indexOf: (id) => list.indexOf(id),
    at: (index) => list.at(index),
    idAt: (index) => list.idAt(index),
    find: (image) => find(list, image),
    show,
  };
}

/** Reads on until it has come, as its place can't be asked for. */
async function find(list: TrashList, image: Image): Promise<number> {
  if (!list.belongs(image)) return -1;
  let known = -1;
  while (!list.has(image.id) && list.placed > known) {
    known = list.placed;
    await list.idAt(known);
  }
  return list.indexOf(image.id);
}
