// A page of images by days, with what is said when there are none.

import type { Kind, Problem } from "../api";
import { said, t } from "../i18n";
import type { Listing } from "../listing";
import { go, route } from "../route";
import { fresh, showFresh } from "../store";
import { leaving, toPage } from "../ui/focus";
import { Notice } from "../ui/Notice";
import { FirstVisit } from "../upload/FirstVisit";
import { show } from "./cursor";
import { Timeline } from "./Timeline";

export function TimelinePage({ listing }: { listing: Listing }) {
  const problem = listing.problem.value;
  const state = listing.state.value;
  const isEmpty = state === "ready" && listing.total === 0;
  return (
    <main id="main" tabIndex={-1}>
      <h1 class="unseen">{t[route.value.page]}</h1>
      <Pill listing={listing} />
      {state === "failed" && problem && <Failed problem={problem} listing={listing} />}
      {isEmpty && <Empty kind={listing.kind} />}
      {!isEmpty && state !== "failed" && <Timeline listing={listing} />}
    </main>
  );
}

/** New images wait here, so that nothing moves while one looks at others. */
function Pill({ listing }: { listing: Listing }) {
  const waiting = fresh.value.length;
  if (!waiting) return null;
  const showAll = (): void => {
    showFresh();
    scrollTo({ top: 0 });
  };
  const toNewest = (): void => {
    const newest = listing.at(0);
    if (newest) show(newest);
    else toPage();
  };
  return (
    <button
      type="button"
      class="pill"
      aria-label={t.showFresh(waiting)}
      onClick={leaving(showAll, toNewest)}
    >
      ↑ {t.fresh(waiting)}
    </button>
  );
}

function Failed({ problem, listing }: { problem: Problem; listing: Listing }) {
  // What is asked for is in the filters: these can't be, and asking again changes nothing.
  if (problem.status === 400 && isFiltered()) {
    return <Unfiltered title={t.wrongTitle} text={t.wrongText} />;
  }
  return (
    <Notice title={t.goneTitle} text={said(problem)}>
      <button type="button" onClick={() => void listing.load()}>
        {t.retry}
      </button>
    </Notice>
  );
}

function Empty({ kind }: { kind: Kind }) {
  if (!isFiltered()) return <FirstVisit kind={kind} />;
  return <Unfiltered title={t.noneTitle} text={t.noneText} />;
}

const isFiltered = (): boolean => Object.keys(route.value.filters).length > 0;

/** Nothing, and the way back to everything. */
function Unfiltered({ title, text }: { title: string; text: string }) {
  return (
    <Notice title={title} text={text}>
      <button type="button" onClick={leaving(() => go({ filters: {} }))}>
        {t.clearFilters}
      </button>
    </Notice>
  );
}
