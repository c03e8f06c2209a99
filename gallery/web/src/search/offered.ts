// Which values of a filter to offer.

import type { Facet } from "../api";

const MOST = 12;

/** Those that have what was typed, as many as one can take in. */
export function offered(facets: Facet[], typed: string): { shown: Facet[]; more: number } {
  const wanted = typed.trim().toLowerCase();
  const found = facets.filter(({ name }) => name.toLowerCase().includes(wanted));
  return { shown: found.slice(0, MOST), more: Math.max(0, found.length - MOST) };
}
