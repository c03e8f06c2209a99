// How much there was, day by day.

import { useId } from "preact/hooks";

import { bytes, number, shortDate } from "../formats";
import { useAnswer } from "./answer";
import { Answered, Refresh } from "./Answered";
import { go, type Query } from "./place";
import { getUsage, type DayUsage } from "./requests";
import { Table } from "./Table";
import { t } from "./texts";
import { UsageChart } from "./UsageChart";

/** As many as the server remembers. */
const MOST = 800;
const RANGES = [30, 90, 365, MOST];

export function UsagePage({ query }: { query: Query }) {
  const range = useId();
  const days = RANGES.find((days) => String(days) === query.days) ?? 90;
  const answer = useAnswer((signal) => getUsage(days, signal), String(days));
  return (
    <>
      <header class="head">
        <h2>{t.usage}</h2>
        <div class="field row">
          <label for={range}>{t.range}</label>
          <select
            id={range}
            value={String(days)}
            onChange={({ currentTarget }) => go("usage", { days: currentTarget.value })}
          >
            {RANGES.map((days) => (
              <option key={days} value={String(days)}>
                {days === MOST ? t.everything : t.lastDays(days)}
              </option>
            ))}
          </select>
          <Refresh answers={[answer]} />
        </div>
      </header>
      <Answered answer={answer}>
        {(usage) => (
          <>
            <UsageChart samples={usage.map(({ date, bytes }) => ({ date, value: bytes }))} />
            <details class="table" open={usage.length < 8}>
              <summary>{t.asTable}</summary>
              <Days usage={usage.toReversed()} />
            </details>
          </>
        )}
      </Answered>
    </>
  );
}

function Days({ usage }: { usage: DayUsage[] }) {
  return (
    <Table
      label={t.chartTitle}
      columns={[
        { name: t.day, cell: ({ date }) => shortDate(date) },
        { name: t.size, cell: (day) => bytes(day.bytes), kind: "figure" },
        { name: t.active, cell: ({ images }) => number(images), kind: "figure" },
        { name: t.inTrash, cell: ({ trash }) => number(trash), kind: "figure" },
        { name: t.users, cell: ({ owners }) => number(owners), kind: "figure" },
      ]}
      rows={usage}
      keyOf={({ date }) => date}
    />
  );
}
