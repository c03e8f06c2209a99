// What differs between two images.

import type { Image } from "../api";
import { factsOf } from "../viewer/facts";
import { t } from "../viewer/texts";

export interface Difference {
  name: string;
  first: string | null;
  second: string | null;
  /** Long texts are compared by their words. */
  isLong: boolean;
}

/** When they were made differs always, and is listed all the same: it tells which is newer. */
export function differences(first: Image, second: Image): Difference[] {
  const [one, other] = [known(first), known(second)];
  const names = new Set([...one.keys(), ...other.keys()]);
  return [...names]
    .map((name) => ({
      name,
      first: one.get(name) ?? null,
      second: other.get(name) ?? null,
      isLong: name === t.prompt || name === t.negative,
    }))
    .filter((fact) => fact.first !== fact.second);
}

function known(image: Image): Map<string, string> {
  const facts = new Map(factsOf(image).map(({ name, text }) => [name, text]));
  if (image.tags.length) facts.set(t.tags, image.tags.toSorted().join(", "));
  return facts;
}
