// How the list of users is sorted, as the place says it.

import type { Query } from "./place";

export const FIELDS = ["user_id", "active", "trash", "bytes", "first", "last"] as const;
export type Field = (typeof FIELDS)[number];

export interface Sorting {
  sort: Field;
  order: "asc" | "desc";
}

/** Names from the first on, if nothing else is said. */
export function sortingOf({ sort, order }: Query): Sorting {
  const field = FIELDS.find((one) => one === sort) ?? "user_id";
  return { sort: field, order: order === "desc" ? "desc" : "asc" };
}

/** Another column begins with what one looks for there: the first names, the largest figures, the
 * newest images. */
export function turned({ sort, order }: Sorting, field: Field): Sorting {
  if (field === sort) return { sort, order: order === "asc" ? "desc" : "asc" };
  return { sort: field, order: field === "user_id" ? "asc" : "desc" };
}
