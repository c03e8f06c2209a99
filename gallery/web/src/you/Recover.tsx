// Asks whether this browser is to show another gallery from now on.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { Problem, recover, type Recovered } from "../api";
import { said, t as shared } from "../i18n";
import { go } from "../route";
import { Dialog } from "../ui/Dialog";
import { attempt } from "../ui/Toasts";
import { startOver, token as arrived } from "./arriving";
import "./recover.css";
import { t } from "./texts";

const close = (): void => void (arrived.value = null);

export function Recover({ token }: { token: string }) {
  const [found, setFound] = useState<Recovered | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    recover(token, false).then(setFound, (error: unknown) => {
      setProblem(error instanceof Problem ? error : new Problem(0, "failed", String(error)));
    });
  }, [token]);
  if (problem) {
    const isBad = problem.code === "unknown_link" || problem.status === 422;
    return (
      <Told title={isBad ? t.badTitle : shared.goneTitle}>{isBad ? t.badText : said(problem)}</Told>
    );
  }
  if (!found) return <Told title={t.recoverTitle}>{t.looking}</Told>;
  if (found.present?.owner === found.owner) return <Told title={t.sameTitle}>{t.sameText}</Told>;
  return <Question token={token} found={found} />;
}

function Told({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <Dialog title={title} onClose={close}>
      <p>{children}</p>
      <footer>
        <button type="button" onClick={close}>
          {t.ok}
        </button>
      </footer>
    </Dialog>
  );
}

function Question({ token, found }: { token: string; found: Recovered }) {
  const { count, bytes, present } = found;
  const [isBusy, setBusy] = useState(false);
  const takeOver = async (): Promise<void> => {
    setBusy(true);
    await attempt(async () => {
      await recover(token, true);
      startOver();
    });
    setBusy(false);
  };
  const makeFirst = (): void => {
    close();
    go({ page: "you", image: null, compare: null, filters: {} });
  };
  const isLost = present !== null && present.count > 0 && !present.links;
  return (
    <Dialog title={t.recoverTitle} kind="recovering" onClose={close}>
      <p>{t.recoverWhat(count, bytes)}</p>
      <p>{t.trust}</p>
      {present !== null && present.count > 0 && (
        <p>
          <strong>{t.behind(present.count, present.bytes)}</strong>{" "}
          {isLost ? t.lost : t.kept(present.links)}
        </p>
      )}
      <footer>
        <button type="button" data-autofocus onClick={close}>
          {shared.cancel}
        </button>
        {isLost && (
          <button type="button" onClick={makeFirst}>
            {t.makeFirst}
          </button>
        )}
        <button
          type="button"
          class={isLost ? "filled" : "primary"}
          disabled={isBusy}
          onClick={() => void takeOver()}
        >
          {t.takeOver}
        </button>
      </footer>
    </Dialog>
  );
}
