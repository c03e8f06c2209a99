// The images of a listing, by days, of which only those in sight are in the document.
//
// Nothing jumps: while heights become known, what one looks at stays where it is, and what
// lies below something whose height isn't known yet is not drawn.

import { useSignalEffect } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";

import { t } from "../i18n";
import { Geometry, type Place, type SeenDay } from "../layout/geometry";
import type { Style } from "../layout/rows";
import type { Span } from "../planning";
import { present, type Sections } from "../sections";
import { Band } from "../selection/Band";
import { useBand } from "../selection/drag";
import { useGestures } from "../selection/gestures";
import { beginAt, isSelecting, selectTo } from "../selection/selection";
import { isAtTop } from "../store";
import { attempt } from "../ui/Toasts";
import { cursor, show, useShown } from "./cursor";
import { DaySection } from "./DaySection";
import { target } from "./moves";
import { Scrubber } from "./Scrubber";
import { useView } from "./view";

const HEADING = 52;
const NARROW = 640;
/** Of a window: what is drawn above and below it. */
const [ABOVE, BELOW] = [0.75, 1.25];

const styleFor = (width: number): Style =>
  width < NARROW ? { width, rowHeight: 130, gap: 3 } : { width, rowHeight: 220, gap: 6 };

export function Timeline({ listing }: { listing: Sections }) {
  const root = useRef<HTMLDivElement>(null);
  const view = useView(root);
  const width = view.width.value;
  const geometry = useMemo(() => new Geometry(styleFor(width), HEADING), [width]);
  const version = listing.version.value;
  const days = listing.days.value;
  // What it shows changes with the days, and with each version of them.
  useMemo(() => geometry.set(days, version), [geometry, days, version]);
  const drawn = useDrawn(geometry, view.top.value, view.height.value, version);
  const anchor = useAnchor(root, geometry, drawn, view.top.value, version);
  useShown(root, geometry, listing, version);
  useGestures(root);
  useBand(root, geometry);
  useLayoutEffect(() => {
    present.value = listing;
    return () => {
      if (present.peek() === listing) present.value = null;
      // Where there is nothing to look at, nothing new has to wait.
      isAtTop.value = true;
    };
  }, [listing]);
  const hurried = view.hurried.value;
  useSignalEffect(() => {
    isAtTop.value = view.top.value <= 8;
  });
  useLayoutEffect(() => {
    if (!hurried) listing.look(drawn.flatMap(spansOf));
  }, [drawn, hurried, listing]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const id = (event.target as HTMLElement).closest<HTMLElement>("[data-id]")?.dataset.id;
    if (!id || event.ctrlKey || event.metaKey || event.altKey) return;
    const leads = target(event.key, id, listing, geometry);
    if (!leads) return;
    event.preventDefault();
    if (event.shiftKey) beginAt(id);
    void leads.then((other) => {
      if (!other) return;
      show(other);
      if (event.shiftKey) void attempt(() => selectTo(other));
    });
  };
  const total = listing.total;
  const current = tabStop(drawn, listing, cursor.value);
  return (
    <div class={isSelecting.value ? "timeline selecting" : "timeline"}>
      <div
        ref={root}
        class="days"
        role="grid"
        aria-label={t.timeline(total)}
        aria-rowcount={geometry.rows + days.length}
        aria-multiselectable="true"
        style={{ height: geometry.height }}
        onKeyDown={onKeyDown}
      >
        {drawn.map((seen) => (
          <DaySection
            key={seen.day.date}
            seen={seen}
            name={listing.nameOf(seen.day)}
            before={before(days, seen.day)}
            total={total}
            cursor={current}
            hurried={hurried}
          />
        ))}
      </div>
      <Band />
      {listing.isDated && (
        <Scrubber
          days={days}
          geometry={geometry}
          top={view.top.value}
          window={view.height.value}
          onGo={(y) => {
            anchor.current = null;
            scrollTo(0, y + offsetOf(root.current));
          }}
        />
      )}
    </div>
  );
}

const offsetOf = (element: HTMLElement | null): number =>
  element ? element.getBoundingClientRect().top + scrollY : 0;

function before(days: readonly { count: number }[], day: { count: number }): number {
  let sum = 0;
  for (const other of days) {
    if (other === day) break;
    sum += other.count;
  }
  return sum;
}

/** The days and rows to draw; the same ones as long as they are the same. */
function useDrawn(geometry: Geometry, top: number, height: number, version: number): SeenDay[] {
  const last = useRef<{ name: string; drawn: SeenDay[]; of: string } | null>(null);
  const drawn = untilUnknown(geometry.seen(top - ABOVE * height, top + (1 + BELOW) * height), top);
  const name = drawn
    .map(({ day, top: y, blocks }) => {
      const rows = blocks.map(({ index, rows: inSight }) => [
        index,
        inSight[0]?.from,
        inSight.length,
      ]);
      return [day.date, y, rows.join()].join();
    })
    .join();
  const of = `${version} ${geometry.style.width}`;
  if (last.current?.name !== name || last.current.of !== of) last.current = { name, drawn, of };
  return last.current.drawn;
}

/** Up to the first block in the window that nothing is known of. */
function untilUnknown(seen: SeenDay[], top: number): SeenDay[] {
  const drawn: SeenDay[] = [];
  for (const one of seen) {
    const unknown = one.blocks.findIndex(
      (block) => !block.known && one.top + block.top + block.height > top,
    );
    if (unknown >= 0) return [...drawn, { ...one, blocks: one.blocks.slice(0, unknown + 1) }];
    drawn.push(one);
  }
  return drawn;
}

function spansOf({ day, blocks }: SeenDay): Span[] {
  return blocks.map(({ block, offset, known, rows }) => {
    const [first, last] = [rows[0], rows.at(-1)];
    if (!known || !first || !last) return { day, from: offset, to: offset + block.slots.length };
    return { day, from: offset + first.from, to: offset + last.from + last.boxes.length };
  });
}

/** Keeps what one looks at where it is, when heights above it change. */
function useAnchor(
  root: { current: HTMLElement | null },
  geometry: Geometry,
  drawn: SeenDay[],
  top: number,
  version: number,
): { current: Place | null } {
  const anchor = useRef<Place | null>(null);
  const of = useRef(geometry);
  useLayoutEffect(() => {
    const place = anchor.current;
    if (!place || !root.current || top <= 0) return;
    const now = -root.current.getBoundingClientRect().top;
    const turned = of.current !== geometry;
    of.current = geometry;
    const y = geometry.yOf(turned ? { ...place, within: Math.max(0, place.within) } : place);
    if (Math.abs(y - now) > 0.5 && Math.abs(now - top) < 1) scrollBy(0, y - now);
    // Only when heights changed: what is scrolled meanwhile is meant.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [version, geometry]);
  useLayoutEffect(() => {
    anchor.current = top > 0 ? geometry.anchorAt(top, drawn) : null;
  });
  return anchor;
}

/** The one image that Tab comes to: the cursor's, or else the first in the window. */
function tabStop(drawn: SeenDay[], listing: Sections, wanted: string | null): string | null {
  if (wanted && listing.has(wanted)) {
    const isDrawn = drawn.some(({ day }) => day.has(wanted));
    if (isDrawn) return wanted;
  }
  for (const { blocks } of drawn) {
    for (const { block, rows } of blocks) {
      const id = rows[0] && block.slots[rows[0].from]?.id;
      if (id) return id;
    }
  }
  return null;
}
