// What was deleted, with the days that are left.

import { untracked, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";

import { said, t as texts } from "../i18n";
import { connected } from "../live";
import { me } from "../store";
import { Timeline } from "../timeline/Timeline";
import { returns } from "../trouble";
import { Notice } from "../ui/Notice";
import { offered } from "../viewer/source";
import { EmptyDialog } from "./EmptyDialog";
import { sourceOf } from "./source";
import { t } from "./texts";
import "./trash.css";
import { TrashList } from "./TrashList";

export function TrashPage() {
  const list = useMemo(() => new TrashList(), []);
  useEffect(() => {
    const source = sourceOf(list);
    offered.value = source;
    void list.load();
    return () => {
      list.close();
      if (offered.peek() === source) offered.value = null;
    };
  }, [list]);
  useSignalEffect(() => {
    if (returns.value && list.problem.peek()) void untracked(() => list.load());
  });
  const [state, problem] = [list.state.value, list.problem.value];
  const isEmpty = state === "ready" && list.total === 0;
  const days = me.value?.retention_days ?? 30;
  return (
    <main id="main" tabIndex={-1}>
      <h1 class="unseen">{texts.trash}</h1>
      {connected.value === false && <p class="away">{texts.away}</p>}
      {state === "failed" && problem && (
        <Notice title={texts.goneTitle} text={said(problem)}>
          <button type="button" onClick={() => void list.load()}>
            {texts.retry}
          </button>
        </Notice>
      )}
      {isEmpty && <Notice title={t.emptyTitle} text={t.emptyText(days)} />}
      {list.total > 0 && (
        <>
          <Note list={list} days={days} />
          <Timeline listing={list} />
        </>
      )}
    </main>
  );
}

function Note({ list, days }: { list: TrashList; days: number }) {
  const isEmptying = useSignal(false);
  return (
    <div class="trash-note">
      <p>{t.note(days)}</p>
      <button type="button" class="danger" onClick={() => (isEmptying.value = true)}>
        {t.empty}
      </button>
      {isEmptying.value && <EmptyDialog list={list} onClose={() => (isEmptying.value = false)} />}
    </div>
  );
}
