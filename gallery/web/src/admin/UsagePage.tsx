// How much there was, day by day.

import { useId } from "preact/hooks";

import { bytes, number, shortDate } from "../formats";
import { Notice } from "../ui/Notice";
import { useAnswer } from "./answer";
import { Answered, Refresh, Wide } from "./Answered";
import { go, type Query } from "./place";
import { getUsage, type DayUsage } from "./requests";
import { t } from "./texts";
import { UsageChart } from "./UsageChart";

/** As many as the server remembers. */
const MOST = 800;
const RANGES = [30, 90, 365, MOST];

export function UsagePage({ query }: { query: Query }) {
  const range = useId();
  const days = RANGES.find((days) => String(days) === query.days) ?? 90;
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
        </div>
      </header>
      <Known key={days} days={days} />
    </>
  );
}

function Known({ days }: { days: number }) {
  const answer = useAnswer((signal) => getUsage(days, signal));
  return (
    <Answered answer={answer}>
      {(usage) =>
        usage.length === 0 ? (
          <Notice title={t.noUsageTitle} text={t.noUsageText}>
            <Refresh answers={[answer]} />
          </Notice>
        ) : (
          <>
            <UsageChart samples={usage.map(({ date, bytes }) => ({ date, value: bytes }))} />
            <details class="table" open={usage.length < 8}>
              <summary>{t.asTable}</summary>
              <Table usage={usage.toReversed()} />
            </details>
          </>
        )
      }
    </Answered>
  );
}

function Table({ usage }: { usage: DayUsage[] }) {
  return (
    <Wide label={t.chartTitle}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.day}</th>
            {[t.size, t.active, t.inTrash, t.users].map((name) => (
              <th key={name} scope="col" class="figure">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {usage.map((day) => (
            <tr key={day.date}>
              <th scope="row">{shortDate(day.date)}</th>
              <td class="figure">{bytes(day.bytes)}</td>
              <td class="figure">{number(day.images)}</td>
              <td class="figure">{number(day.trash)}</td>
              <td class="figure">{number(day.owners)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
