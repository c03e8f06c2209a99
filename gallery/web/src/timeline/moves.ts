// Where an arrow key leads from an image.

import type { Geometry } from "../layout/geometry";
import type { Row } from "../layout/rows";
import type { Sections } from "../sections";

/** The image that a key leads to; null for keys that lead nowhere. Asks for what isn't known. */
export function target(
  key: string,
  id: string,
  listing: Sections,
  geometry: Geometry,
): Promise<string | null> | null {
  const index = listing.indexOf(id);
  if (index < 0) return null;
  switch (key) {
    case "ArrowLeft":
      return listing.idAt(index - 1);
    case "ArrowRight":
      return listing.idAt(index + 1);
    case "Home":
      return listing.idAt(0);
    case "End":
      return listing.idAt(listing.total - 1);
    case "ArrowUp":
      return vertically(-1, id, index, listing, geometry);
    case "ArrowDown":
      return vertically(1, id, index, listing, geometry);
    default:
      return null;
  }
}

/** The image of the next row that lies nearest above or below the middle of this one. */
async function vertically(
  by: 1 | -1,
  id: string,
  index: number,
  listing: Sections,
  geometry: Geometry,
): Promise<string | null> {
  const here = rowWith(id, listing, geometry);
  if (!here) return null;
  const end = by > 0 ? index - here.at + here.row.boxes.length : index - here.at - 1;
  const other = await listing.idAt(end);
  const there = other && rowWith(other, listing, geometry);
  const box = here.row.boxes[here.at];
  if (!there || !box) return other;
  const middle = box.left + box.width / 2;
  const distances = there.row.boxes.map(({ left, width }) => Math.abs(left + width / 2 - middle));
  const nearest = distances.indexOf(Math.min(...distances));
  return listing.idAt(end - there.at + nearest);
}

function rowWith(
  id: string,
  listing: Sections,
  geometry: Geometry,
): { row: Row; at: number } | null {
  const day = listing.dayWith(id);
  return day ? geometry.rowOf(day, id) : null;
}
