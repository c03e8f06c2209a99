// A day: its date, which stays in sight as long as any of its images is, and its rows.

import type { Seen, SeenDay } from "../layout/geometry";
import { DayCheck } from "../selection/DayCheck";
import { isWhole } from "../selection/selection";
import { Tile } from "./Tile";

interface Shown {
  /** Images of all days before. */
  before: number;
  total: number;
  cursor: string | null;
  hurried: boolean;
}

interface Props extends Shown {
  seen: SeenDay;
  name: string;
}

export function DaySection({ seen, name, ...shown }: Props) {
  const { day, top, height, blocks } = seen;
  return (
    <div class="day" role="rowgroup" style={{ top, height }} aria-label={name} data-date={day.date}>
      <div class="day-head" role="row" aria-rowindex={headIndex(seen)}>
        <div role="gridcell">
          <h2>{name}</h2>
          <DayCheck day={day} name={name} isChecked={isWhole(day)} />
        </div>
      </div>
      {blocks.map((block) => (
        <Rows key={block.index} seen={block} first={headIndex(seen) + 1} {...shown} />
      ))}
    </div>
  );
}

/** Headings are rows of the grid as well. */
const headIndex = ({ index, rowsBefore }: SeenDay): number => rowsBefore + index + 1;

function Rows({
  seen,
  first,
  before,
  total,
  cursor,
  hurried,
}: { seen: Seen; first: number } & Shown) {
  const { block, offset, top, height, rows, known, rowsBefore } = seen;
  if (!known) return <div class="skeleton" role="presentation" style={{ top, height }} />;
  return (
    <>
      {rows.map((row) => (
        <div
          key={row.from}
          role="row"
          class="row"
          aria-rowindex={first + rowsBefore + row.index}
          style={{ top: top + row.top, height: row.height }}
        >
          {row.boxes.map((box, at) => {
            const id = block.slots[row.from + at]?.id ?? "";
            return (
              <Tile
                key={id || at}
                id={id}
                left={box.left}
                width={box.width}
                height={row.height}
                index={before + offset + row.from + at}
                total={total}
                isCursor={id !== "" && id === cursor}
                hurried={hurried}
              />
            );
          })}
        </div>
      ))}
    </>
  );
}
