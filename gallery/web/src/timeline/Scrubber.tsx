// A strip beside the timeline: years and months where they lie. Drag or click it, or use its keys.

import { useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";

import { month } from "../formats";
import { t } from "../i18n";
import type { Day } from "../layout/day";
import type { Geometry } from "../layout/geometry";
import { dateName } from "./names";

interface Props {
  days: readonly Day[];
  geometry: Geometry;
  top: number;
  window: number;
  onGo: (y: number) => void;
}

interface Mark {
  name: string;
  label: string;
  isYear: boolean;
  /** Of the strip's height. */
  at: number;
}

/** Between two labels, of the strip's height. */
const APART = 0.028;

export function Scrubber({ days, geometry, top, window, onGo }: Props) {
  const strip = useRef<HTMLDivElement>(null);
  const pointed = useSignal<number | null>(null);
  const height = Math.max(1, geometry.height - window);
  const marks = useMemo(() => marksOf(days, geometry, height), [days, geometry, height]);
  if (geometry.height < 2 * window || !days.length) return null;
  const at = Math.min(1, Math.max(0, top / height));
  const dayAt = (part: number): Day | undefined => days[geometry.indexAt(part * height + 1)];
  const here = dayAt(pointed.value ?? at);
  const partOf = (event: PointerEvent): number => {
    const { top: y, height: all } = strip.current?.getBoundingClientRect() ?? { top: 0, height: 1 };
    return Math.min(1, Math.max(0, (event.clientY - y) / all));
  };
  const go = (event: PointerEvent): void => {
    pointed.value = partOf(event);
    onGo(pointed.value * height);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = keyed(event.key, geometry.indexAt(at * height + 1), days);
    if (to === null) return;
    event.preventDefault();
    onGo(geometry.topAt(to));
  };
  return (
    <div
      ref={strip}
      class="scrubber"
      role="slider"
      tabIndex={0}
      aria-label={t.scrubber}
      aria-orientation="vertical"
      aria-valuemin={0}
      aria-valuemax={days.length - 1}
      aria-valuenow={here ? days.indexOf(here) : 0}
      aria-valuetext={here ? dateName(here.date) : ""}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        strip.current?.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={(event) => {
        if (event.buttons) go(event);
        else pointed.value = partOf(event);
      }}
      onPointerLeave={() => (pointed.value = null)}
      onPointerUp={() => (pointed.value = null)}
    >
      {marks.map((mark) => (
        <span
          key={mark.name}
          class={mark.isYear ? "year" : "month"}
          style={{ top: `${mark.at * 100}%` }}
          aria-hidden="true"
        >
          {mark.label}
        </span>
      ))}
      <span class="thumb" style={{ transform: `translateY(${at * 100}%)` }} aria-hidden="true" />
      {pointed.value !== null && here && (
        <span class="bubble" style={{ top: `${pointed.value * 100}%` }} aria-hidden="true">
          {dateName(here.date)} {here.date.slice(0, 4)}
        </span>
      )}
    </div>
  );
}

/** The day that a key leads to: days by arrows, months by pages. */
function keyed(key: string, index: number, days: readonly Day[]): number | null {
  const last = days.length - 1;
  const monthOf = (at: number): string => days[at]?.date.slice(0, 7) ?? "";
  switch (key) {
    case "ArrowDown":
      return Math.min(last, index + 1);
    case "ArrowUp":
      return Math.max(0, index - 1);
    case "PageDown": {
      const next = days.findIndex(
        (day, at) => at > index && day.date.slice(0, 7) !== monthOf(index),
      );
      return next < 0 ? last : next;
    }
    case "PageUp": {
      const before = days.findIndex(({ date }) => date.slice(0, 7) === monthOf(index));
      const month = monthOf(Math.max(0, before - 1));
      return days.findIndex(({ date }) => date.slice(0, 7) === month);
    }
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}

/** Years always, months where there is room between them. */
function marksOf(days: readonly Day[], geometry: Geometry, height: number): Mark[] {
  const all: Mark[] = [];
  let last = "";
  days.forEach(({ date }, index) => {
    const name = date.slice(0, 7);
    if (name === last) return;
    const isYear = name.slice(0, 4) !== last.slice(0, 4);
    last = name;
    const at = Math.min(1, geometry.topAt(index) / height);
    all.push({ name, label: isYear ? name.slice(0, 4) : month(name), isYear, at });
  });
  const kept: Mark[] = [];
  for (const mark of all) {
    const before = kept.at(-1);
    if (!before || mark.at - before.at >= APART) kept.push(mark);
    else if (mark.isYear && !before.isYear) kept[kept.length - 1] = mark;
  }
  return kept;
}
