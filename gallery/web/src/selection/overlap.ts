// Which images lie in a rectangle of the timeline, drawn or not.

import type { Geometry } from "../layout/geometry";

/** From the top left corner of the timeline, in pixels. */
export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The ids of those that are known. */
export function overlapping(geometry: Geometry, rect: Rect): Set<string> {
  const ids = new Set<string>();
  for (const { top: dayTop, blocks } of geometry.seen(rect.top, rect.bottom)) {
    for (const { block, top, rows } of blocks) {
      for (const row of rows) {
        const rowTop = dayTop + top + row.top;
        if (rowTop > rect.bottom || rowTop + row.height < rect.top) continue;
        row.boxes.forEach(({ left, width }, at) => {
          const id = block.slots[row.from + at]?.id;
          if (id && left <= rect.right && left + width >= rect.left) ids.add(id);
        });
      }
    }
  }
  return ids;
}
