// How much is kept, of how much may be.

import type { Kind, Me } from "../api";
import { bytes, number, percent } from "../formats";
import { follow, hrefOf } from "../route";
import { fullness, NEARLY_FULL } from "./quota";
import { t } from "./texts";

const KINDS: readonly Kind[] = ["output", "input", "control"];
const TRASH = { page: "trash", image: null, compare: null, filters: {} } as const;

export function Usage({ me }: { me: Me }) {
  const { quota } = me;
  const part = fullness(me);
  const trashed = KINDS.some((kind) => me.counts[kind].trash > 0);
  return (
    <section aria-labelledby="you-room">
      <h2 id="you-room">{t.room}</h2>
      {part >= NEARLY_FULL && <p class="danger">{part >= 1 ? t.full : t.nearlyFull}</p>}
      {quota.bytes !== null && (
        <Meter
          label={t.bytes}
          text={t.ofBytes(bytes(me.bytes), bytes(quota.bytes))}
          part={quota.bytes ? me.bytes / quota.bytes : 1}
        />
      )}
      {quota.count !== null && (
        <Meter
          label={t.count}
          text={t.ofCount(me.count, quota.count)}
          part={quota.count ? me.count / quota.count : 1}
        />
      )}
      <Table me={me} />
      <p>{t.retention(me.retention_days)}</p>
      {trashed && (
        <a class="button" href={hrefOf(TRASH)} onClick={follow(TRASH)}>
          {t.openTrash}
        </a>
      )}
    </section>
  );
}

function Meter({ label, text, part }: { label: string; text: string; part: number }) {
  const shown = Math.min(1, part);
  return (
    <div class="room">
      <p>
        <strong>{label}</strong> {text} · {percent(shown)}
      </p>
      <div
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(100 * shown)}
        aria-valuetext={text}
      >
        <span class={part >= NEARLY_FULL ? "full" : ""} style={{ width: percentage(shown) }} />
      </div>
    </div>
  );
}

const percentage = (part: number): string => `${(100 * part).toFixed(2)}%`;

function Table({ me }: { me: Me }) {
  const rows = KINDS.map((kind) => ({ name: t.kinds[kind], ...me.counts[kind] }));
  const sum = (of: "active" | "trash" | "bytes"): number =>
    rows.reduce((all, row) => all + row[of], 0);
  const all = { name: t.all, active: sum("active"), trash: sum("trash"), bytes: sum("bytes") };
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t.kind}</th>
          <th scope="col">{t.images}</th>
          <th scope="col">{t.inTrash}</th>
          <th scope="col">{t.size}</th>
        </tr>
      </thead>
      <tbody>
        {[...rows, all].map((row) => (
          <tr key={row.name}>
            <th scope="row">{row.name}</th>
            <td>{number(row.active + row.trash)}</td>
            <td>{number(row.trash)}</td>
            <td>{bytes(row.bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
