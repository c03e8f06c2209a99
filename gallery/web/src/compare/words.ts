// How two texts differ, word by word.

export interface Piece {
  text: string;
  side: "both" | "first" | "second";
}

/** More words than this are not compared one by one: the time grows with their square. */
const MOST = 1_500;

const wordsOf = (text: string): string[] => text.match(/\s+|[^\s,]+|,/g) ?? [];

/** The pieces of both texts in one order, those that they share once. */
export function differ(first: string, second: string): Piece[] {
  const [a, b] = [wordsOf(first), wordsOf(second)];
  if (a.length > MOST || b.length > MOST) return joined(whole(first, second));
  const common = lengths(a, b);
  const pieces: Piece[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [one, other] = [a[i], b[j]];
    if (one !== undefined && one === other) {
      pieces.push({ text: one, side: "both" });
      [i, j] = [i + 1, j + 1];
    } else if (
      one !== undefined &&
      (other === undefined || at(common, i + 1, j) >= at(common, i, j + 1))
    ) {
      pieces.push({ text: one, side: "first" });
      i++;
    } else {
      pieces.push({ text: other ?? "", side: "second" });
      j++;
    }
  }
  return joined(pieces);
}

const at = (common: readonly Uint16Array[], i: number, j: number): number => common[i]?.[j] ?? 0;

/** How many words the rests of both have in common, from each word on. */
function lengths(a: readonly string[], b: readonly string[]): Uint16Array[] {
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = common[i];
      if (!row) continue;
      row[j] =
        a[i] === b[j]
          ? at(common, i + 1, j + 1) + 1
          : Math.max(at(common, i + 1, j), at(common, i, j + 1));
    }
  }
  return common;
}

const whole = (first: string, second: string): Piece[] =>
  first === second
    ? [{ text: first, side: "both" }]
    : [
        { text: first, side: "first" },
        { text: second, side: "second" },
      ];

/** Pieces of the same side as one. */
function joined(pieces: readonly Piece[]): Piece[] {
  const all: Piece[] = [];
  for (const { text, side } of pieces) {
    const before = all.at(-1);
    if (before?.side === side) before.text += text;
    else if (text) all.push({ text, side });
  }
  return all;
}
