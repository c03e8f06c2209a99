// A page of images by days, with what is said when there are none.

import type { Problem } from "../api";
import { said, t } from "../i18n";
import type { Listing } from "../listing";
import { connected } from "../live";
import { go, route } from "../route";
import { fresh, showFresh } from "../store";
import { Notice } from "../ui/Notice";
import { Timeline } from "./Timeline";

export function TimelinePage({ listing }: { listing: Listing }) {
  const problem = listing.problem.value;
  const state = listing.state.value;
  const isEmpty = state === "ready" && listing.total === 0;
  return (
    <main id="main" tabIndex={-1}>
      <h1 class="unseen">{t[route.value.page]}</h1>
      <Pill />
      {connected.value === false && <p class="away">{t.away}</p>}
      {state === "failed" && problem && <Failed problem={problem} listing={listing} />}
      {isEmpty && <Empty />}
      {!isEmpty && state !== "failed" && <Timeline listing={listing} />}
    </main>
  );
}

/** New images wait here, so that nothing moves while one looks at others. */
function Pill() {
  const waiting = fresh.value.length;
  if (!waiting) return null;
  const onClick = (): void => {
    showFresh();
    scrollTo({ top: 0 });
  };
  return (
    <button type="button" class="pill" aria-label={t.showFresh(waiting)} onClick={onClick}>
      ↑ {t.fresh(waiting)}
    </button>
  );
}

function Failed({ problem, listing }: { problem: Problem; listing: Listing }) {
  return (
    <Notice title={t.goneTitle} text={said(problem)}>
      <button type="button" onClick={() => void listing.load()}>
        {t.retry}
      </button>
    </Notice>
  );
}

function Empty() {
  if (!Object.keys(route.value.filters).length) {
    return <Notice title={t.emptyTitle} text={t.emptyText} />;
  }
  return (
    <Notice title={t.noneTitle} text={t.noneText}>
      <button type="button" onClick={() => go({ filters: {} })}>
        {t.clearFilters}
      </button>
    </Notice>
  );
}
