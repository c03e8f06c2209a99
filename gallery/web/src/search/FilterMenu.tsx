// What images can be filtered by, with what there is to choose.

import { useEffect, useRef, useState } from "preact/hooks";

import { getFacets, type Facet, type Facets } from "../api";
import { number } from "../formats";
import { KINDS, route } from "../route";
import { daysBefore, today as todays } from "../today";
import { Choices } from "./Choices";
import { search, type Change } from "./filters";
import { t } from "./texts";

const NO_FACETS: Facet[] = [];

export function FilterMenu({ onDone }: { onDone: () => void }) {
  const { filters } = route.value;
  const { facets, failed } = useFacets();
  const choose = (change: Change): void => {
    search(change);
    onDone();
  };
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  const isFavorite = filters.favorite === "1";
  return (
    <>
      <section>
        <button
          ref={first}
          type="button"
          aria-pressed={isFavorite}
          onClick={() => choose({ favorite: isFavorite ? undefined : "1" })}
        >
          ♥ {t.favorites}
          {facets && <span class="count">{number(facets.favorites)}</span>}
        </button>
      </section>
      <Dates choose={choose} />
      <Choices
        title={t.ratio}
        facets={facets?.aspect_ratios ?? NO_FACETS}
        chosen={filters.aspect_ratio}
        onChoose={(aspect_ratio) => choose({ aspect_ratio })}
      />
      <Choices
        title={t.tag}
        facets={facets?.tags ?? NO_FACETS}
        chosen={filters.tag}
        onChoose={(tag) => choose({ tag })}
        typed
      />
      <Choices
        title={t.workflow}
        facets={facets?.workflows ?? NO_FACETS}
        chosen={filters.workflow_id}
        onChoose={(workflow_id) => choose({ workflow_id })}
        typed
      />
      {failed && <p>{t.noFacets}</p>}
      {facets?.complete === false && <p>{t.newest(facets.images)}</p>}
    </>
  );
}

/** Asked for each time the menu is opened: images come and go. */
function useFacets(): { facets: Facets | null; failed: boolean } {
  const [facets, setFacets] = useState<Facets | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const kind = KINDS[route.peek().page];
    if (!kind) return;
    getFacets(kind).then(setFacets, () => setFailed(true));
  }, []);
  return { facets, failed };
}

function Dates({ choose }: { choose: (change: Change) => void }) {
  const { from_date = "", to_date = "" } = route.value.filters;
  const today = todays.value;
  const presets = [
    [t.today, today],
    [t.week, daysBefore(today, 6)],
    [t.month, daysBefore(today, 29)],
  ] as const;
  return (
    <section>
      <h2>{t.dates}</h2>
      <div class="choices">
        {presets.map(([label, from]) => (
          <button
            key={label}
            type="button"
            aria-pressed={from_date === from && to_date === today}
            onClick={() => choose({ from_date: from, to_date: today })}
          >
            {label}
          </button>
        ))}
      </div>
      <div class="dates">
        <label>
          {t.from}
          <input
            type="date"
            value={from_date}
            max={to_date || today}
            onChange={(event) => search({ from_date: event.currentTarget.value }, "replace")}
          />
        </label>
        <label>
          {t.to}
          <input
            type="date"
            value={to_date}
            min={from_date}
            max={today}
            onChange={(event) => search({ to_date: event.currentTarget.value }, "replace")}
          />
        </label>
      </div>
    </section>
  );
}
