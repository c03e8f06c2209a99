// Sizes over days as a line. It is drawn in pixels of the screen, so that its texts stay readable.

import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";

import { bytes, shortDate } from "../formats";
import { areaOf, chartOf, lineOf, type Chart, type Point, type Sample } from "./chart";
import { t } from "./texts";

const HEIGHT = 280;
/** Around what is drawn, for the axes. */
const EDGE = { left: 76, right: 16, top: 16, bottom: 32 };
const LABEL_PIXELS = 150;

export function UsageChart({ samples }: { samples: Sample[] }) {
  const [title, text] = [useId(), useId()];
  const box = useRef<HTMLElement>(null);
  const width = useSignal(0);
  const near = useSignal<Point | null>(null);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      width.value = entry?.contentRect.width ?? 0;
    });
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, [width]);
  const inner = Math.max(0, width.value - EDGE.left - EDGE.right);
  const height = HEIGHT - EDGE.top - EDGE.bottom;
  const labels = Math.max(2, Math.floor(inner / LABEL_PIXELS));
  const chart = chartOf(samples, inner, height, labels);
  const point = near.value ?? chart.lines.at(-1)?.at(-1);
  const look = (event: PointerEvent): void => {
    const { left } = (event.currentTarget as Element).getBoundingClientRect();
    near.value = nearest(chart, event.clientX - left - EDGE.left);
  };
  return (
    <figure class="chart" ref={box}>
      <figcaption aria-hidden="true">
        {point && (
          <>
            <strong>{bytes(point.value)}</strong> {shortDate(point.date)}
          </>
        )}
      </figcaption>
      {inner > 0 && (
        <svg
          role="img"
          aria-labelledby={`${title} ${text}`}
          width={width.value}
          height={HEIGHT}
          onPointerMove={look}
          onPointerLeave={() => (near.value = null)}
        >
          <title id={title}>{t.chartTitle}</title>
          <desc id={text}>{described(samples)}</desc>
          <g transform={`translate(${EDGE.left} ${EDGE.top})`}>
            <Axes chart={chart} width={inner} height={height} />
            <Lines chart={chart} height={height} />
            {near.value && <path class="near" d={`M${near.value.x},0V${height}`} />}
            {point && <circle class="point" cx={point.x} cy={point.y} r="4.5" />}
          </g>
        </svg>
      )}
    </figure>
  );
}

function described(samples: Sample[]): string {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last) return "";
  const [from, to] = [shortDate(first.date), shortDate(last.date)];
  return t.chartText(from, bytes(first.value), to, bytes(last.value));
}

function nearest({ lines }: Chart, x: number): Point | null {
  const away = (point: Point): number => Math.abs(point.x - x);
  return lines
    .flat()
    .reduce<Point | null>((best, one) => (best && away(best) <= away(one) ? best : one), null);
}

function Axes({ chart, width, height }: { chart: Chart; width: number; height: number }) {
  const last = chart.dates.length - 1;
  return (
    <g aria-hidden="true">
      {chart.ticks.map(({ value, y }) => (
        <g key={value}>
          <path class="grid" d={`M0,${y}H${width}`} />
          <text x={-10} y={y} dy="0.35em" text-anchor="end">
            {bytes(value)}
          </text>
        </g>
      ))}
      {chart.dates.map(({ date, x }, n) => (
        <text key={date} x={x} y={height + 24} text-anchor={anchorOf(n, last)}>
          {shortDate(date)}
        </text>
      ))}
    </g>
  );
}

/** What is written at the ends stays within the chart. */
function anchorOf(n: number, last: number): "start" | "middle" | "end" {
  if (last === 0) return "middle";
  return n === 0 ? "start" : n === last ? "end" : "middle";
}

/** Days that stand alone are points. */
function Lines({ chart, height }: { chart: Chart; height: number }) {
  return (
    <>
      {chart.lines.map((points) => (
        <g key={points[0]?.date}>
          <path class="area" d={areaOf(points, height)} />
          <path class="line" d={lineOf(points)} />
          {points.length === 1 && points[0] && (
            <circle class="point" cx={points[0].x} cy={points[0].y} r="3" />
          )}
        </g>
      ))}
    </>
  );
}
