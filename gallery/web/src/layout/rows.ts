// Rows of equal height that fill the width, for the images of one block.

import justifiedLayout from "justified-layout";

export interface Box {
  left: number;
  width: number;
}

export interface Row {
  /** Among the rows of its block. */
  index: number;
  top: number;
  height: number;
  /** The first slot of the row in its block. */
  from: number;
  boxes: Box[];
}

export interface Rows {
  rows: Row[];
  /** With the gap below the last row. */
  height: number;
}

export interface Style {
  width: number;
  rowHeight: number;
  gap: number;
}

/** Panoramas and strips are cropped, so that one of them doesn't take a whole row. */
const NARROWEST = 0.4;
const WIDEST = 3;
/** Other heights to try, until the last row of a block that others follow is nearly full. */
const HEIGHTS = [1, 1.04, 0.96, 1.08, 0.92, 1.12, 0.88, 1.16, 0.84];
const FULL = 0.85;

export function ratioOf(width: number | null, height: number | null): number {
  const ratio = width && height ? width / height : 1;
  return Math.min(WIDEST, Math.max(NARROWEST, ratio));
}

/** The rows of images of these ratios. `ends` says that none follow in the day: then the last
 * row may be short. Otherwise it is stretched a little, so that blocks leave no gaps. */
export function rowsOf(ratios: readonly number[], style: Style, ends: boolean): Rows {
  if (!ratios.length || style.width <= 0) return { rows: [], height: 0 };
  if (ends) return laid(ratios, style, style.rowHeight);
  let best: Rows | null = null;
  let bestFill = 0;
  for (const factor of HEIGHTS) {
    const rows = laid(ratios, style, style.rowHeight * factor);
    const last = rows.rows.at(-1)?.boxes.at(-1);
    const fill = last ? (last.left + last.width) / style.width : 1;
    if (fill > bestFill) [best, bestFill] = [rows, fill];
    if (bestFill >= FULL) break;
  }
  return stretched(best ?? laid(ratios, style, style.rowHeight), style);
}

function laid(ratios: readonly number[], style: Style, rowHeight: number): Rows {
  const { boxes, containerHeight } = justifiedLayout([...ratios], {
    containerWidth: style.width,
    containerPadding: 0,
    boxSpacing: style.gap,
    targetRowHeight: rowHeight,
    targetRowHeightTolerance: 0.25,
  });
  const rows: Row[] = [];
  boxes.forEach((box, index) => {
    let row = rows.at(-1);
    if (!row || box.top > row.top + 0.5) {
      row = { index: rows.length, top: box.top, height: box.height, from: index, boxes: [] };
      rows.push(row);
    }
    row.boxes.push({ left: box.left, width: box.width });
  });
  return { rows, height: containerHeight + style.gap };
}

/** The last row widened to the whole width: cropped a little, rather than ragged. */
function stretched(rows: Rows, style: Style): Rows {
  const last = rows.rows.at(-1);
  const end = last?.boxes.at(-1);
  if (!last || !end) return rows;
  const gaps = style.gap * (last.boxes.length - 1);
  const by = (style.width - gaps) / (end.left + end.width - gaps);
  let left = 0;
  for (const box of last.boxes) {
    box.left = left;
    box.width *= by;
    left += box.width + style.gap;
  }
  return rows;
}

/** How high so many images will be, before any of their sizes is known. */
export function guessedHeight(count: number, ratio: number, style: Style): number {
  const aRow = Math.max(1, style.width / (ratio * style.rowHeight + style.gap));
  return Math.ceil(count / aRow) * (style.rowHeight + style.gap);
}
