// The geometry of a chart over days: where its lines go, and what is written at its axes.

export interface Sample {
  date: string;
  value: number;
}

export interface Point extends Sample {
  x: number;
  y: number;
}

export interface Chart {
  /** Lines of days that follow upon each other: a day that nobody knows is a gap. */
  lines: Point[][];
  ticks: { value: number; y: number }[];
  dates: { date: string; x: number }[];
}

/** The least that the upper end of the axis stands for: sizes are written in kilobytes. */
const LEAST = 4_000;
const DAY_MS = 86_400_000;
const dayOf = (date: string): number => Math.round(Date.parse(`${date}T00:00:00Z`) / DAY_MS);
const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** A round number, 1, 2 or 5 and zeros, that fits no more than so many times into `most`. */
export function stepOf(most: number, times: number): number {
  const rough = Math.max(most, LEAST) / times;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((digit) => digit * power >= rough) ?? 10) * power;
}

/** In a box of this size; samples are in the order of their days. */
export function chartOf(samples: Sample[], width: number, height: number, dates: number): Chart {
  const most = Math.max(LEAST, ...samples.map(({ value }) => value));
  const step = stepOf(most, 4);
  const top = step * Math.ceil(most / step);
  const [first, last] = [dayOf(samples[0]?.date ?? ""), dayOf(samples.at(-1)?.date ?? "")];
  const days = Math.max(1, last - first);
  const x = (day: number): number => (last === first ? width / 2 : ((day - first) / days) * width);
  const y = (value: number): number => height - (value / top) * height;
  const lines: Point[][] = [];
  let before = -1;
  for (const sample of samples) {
    const day = dayOf(sample.date);
    if (day !== before + 1) lines.push([]);
    lines.at(-1)?.push({ ...sample, x: x(day), y: y(sample.value) });
    before = day;
  }
  const shown = Math.min(dates, last - first + 1);
  return {
    lines,
    ticks: Array.from({ length: Math.round(top / step) + 1 }, (_, n) => ({
      value: n * step,
      y: y(n * step),
    })),
    dates: Array.from({ length: shown }, (_, n) => {
      const day = shown === 1 ? last : Math.round(first + (n * (last - first)) / (shown - 1));
      return { date: dateOf(day), x: x(day) };
    }),
  };
}

const at = ({ x, y }: Point): string => `${x.toFixed(1)},${y.toFixed(1)}`;

export const lineOf = (points: Point[]): string => `M${points.map(at).join("L")}`;

/** What lies below the line. */
export function areaOf(points: Point[], height: number): string {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return "";
  return `${lineOf(points)}L${last.x.toFixed(1)},${height}L${first.x.toFixed(1)},${height}Z`;
}
