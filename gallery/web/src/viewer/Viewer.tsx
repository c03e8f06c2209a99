// One image, over the page that it belongs to.

import { createPortal } from "preact/compat";
import { useLayoutEffect, useMemo } from "preact/hooks";
import "photoswipe/photoswipe.css";

import { said, t as shared } from "../i18n";
import { nameOf } from "../timeline/Tile";
import { useTitle } from "../title";
import { Icon } from "../ui/Icon";
import { useAloft } from "./aloft";
import { Bar } from "./Bar";
import { isInfoOpen } from "./drawer";
import { Info } from "./Info";
import { Missing } from "./Missing";
import { t } from "./texts";
import { Viewing } from "./viewing";
import "./viewer.css";

export function Viewer({ id }: { id: string }) {
  // One for as long as it is open: what it shows is its own, and the address follows.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const viewing = useMemo(() => new Viewing(id), []);
  // It begins with all the room that there is. They end in this order: the focus can go back once
  // what lies below can be reached.
  useAloft();
  useLayoutEffect(() => viewing.begin(), [viewing]);
  useLayoutEffect(() => () => viewing.giveBack(), [viewing]);
  const host = viewing.host.value;
  return host && createPortal(<Parts viewing={viewing} />, host);
}

function Parts({ viewing }: { viewing: Viewing }) {
  const { stage } = viewing;
  const image = viewing.image.value?.value;
  const [index, count] = [stage.index.value, stage.count.value];
  useTitle(image ? nameOf(image) : "");
  return (
    <div class={isInfoOpen.value ? "viewer informed" : "viewer"}>
      <Bar viewing={viewing} image={image} />
      {index > 0 && (
        <button type="button" class="turn" aria-label={t.previous} onClick={viewing.previous}>
          <Icon name="back" />
        </button>
      )}
      {index < count - 1 && (
        <button type="button" class="turn on" aria-label={t.next} onClick={viewing.next}>
          <Icon name="forward" />
        </button>
      )}
      <Trouble viewing={viewing} />
      {isInfoOpen.value && image && <Info image={image} />}
      <p class="unseen" role="status">
        {image && t.shown(index + 1, count, nameOf(image))}
      </p>
    </div>
  );
}

/** What is said while the original is not there. */
function Trouble({ viewing: { stage } }: { viewing: Viewing }) {
  const problem = stage.problem.value;
  const state = stage.loads.state.value;
  if (!problem && state === "shown") return null;
  if (!problem && state === "loading") {
    return (
      <p class="loading">
        <span class="ring" aria-hidden="true" />
        {shared.loading}
      </p>
    );
  }
  if (problem?.status === 404) {
    return (
      <div class="trouble" role="alert">
        <Missing title={t.missingTitle} text={t.missingText} />
      </div>
    );
  }
  return (
    <div class="trouble" role="alert">
      {state === "slow" && !problem ? <p>{t.slow}</p> : <h2>{t.brokenTitle}</h2>}
      {problem && <p>{said(problem)}</p>}
      {!problem && state === "broken" && <p>{t.brokenText}</p>}
      <button type="button" onClick={stage.retry}>
        {shared.retry}
      </button>
    </div>
  );
}
