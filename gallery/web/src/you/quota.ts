// How much of an owner's room is taken.

import type { Me } from "../api";

/** From here on it is said in the bar. */
export const NEARLY_FULL = 0.9;

/** 1 is full; 0 where nothing is limited. */
export function fullness({ bytes, count, quota }: Me): number {
  return Math.max(part(bytes, quota.bytes), part(count, quota.count));
}

function part(taken: number, most: number | null): number {
  if (most === null) return 0;
  return most ? taken / most : 1;
}
