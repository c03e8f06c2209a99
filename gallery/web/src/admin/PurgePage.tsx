// Purges trash: first what would go is shown, and then just that goes.

import { useSignal } from "@preact/signals";
import { useId, useRef } from "preact/hooks";

import { tell } from "../ui/Toasts";
import { problemOf } from "./answer";
import type { Query } from "./place";
import { PlanView } from "./PlanView";
import { carryOut, planPurge, type Plan, type Purge } from "./requests";
import { plainly } from "./said";
import { t } from "./texts";

/** Why the plan is no longer to be carried out, by the server's code. */
const OUTDATED: Record<string, string> = { plan_changed: t.planChanged, bad_digest: t.planOld };

export function PurgePage({ query }: { query: Query }) {
  const [user, age] = [useId(), useId()];
  const form = useRef<HTMLFormElement>(null);
  const planned = useSignal<{ wanted: Purge; plan: Plan } | null>(null);
  const note = useSignal("");
  const isBusy = useSignal(false);
  /** Grows with every change of the form: a plan that was asked for before it is not of this form. */
  const edits = useRef(0);

  const busily = async (act: () => Promise<void>): Promise<void> => {
    if (isBusy.value) return;
    isBusy.value = true;
    try {
      await act();
    } catch (error) {
      note.value = plainly(problemOf(error));
    } finally {
      isBusy.value = false;
    }
  };
  const make = async (wanted: Purge, why = ""): Promise<void> => {
    const edit = edits.current;
    const plan = await planPurge(wanted);
    if (edit !== edits.current) return;
    note.value = why;
    planned.value = { wanted, plan };
  };
  const purge = async (wanted: Purge, plan: Plan): Promise<void> => {
    try {
      const { purged } = await carryOut(wanted, plan);
      planned.value = null;
      note.value = "";
      form.current?.querySelector("button")?.focus();
      tell(t.purged(purged));
    } catch (error) {
      const problem = problemOf(error);
      const why = OUTDATED[problem.code];
      if (!why) throw error;
      await make(wanted, why);
    }
  };
  const submit = (form: HTMLFormElement): void => {
    const { user_id, days } = Object.fromEntries(new FormData(form)) as Query;
    const whose = user_id?.trim();
    const wanted = { ...(whose && { user_id: whose }), older_than_days: Number(days) };
    void busily(() => make(wanted));
  };
  const forget = (): void => {
    edits.current++;
    planned.value = null;
    note.value = "";
  };
  const shown = planned.value;
  return (
    <>
      <header class="head">
        <h2>{t.purgeTitle}</h2>
      </header>
      <p class="hint text">{t.purgeText}</p>
      <form
        ref={form}
        class="filters"
        onInput={forget}
        onSubmit={(event) => {
          event.preventDefault();
          submit(event.currentTarget);
        }}
      >
        <div class="field broad">
          <label for={user}>{t.whose}</label>
          <input id={user} name="user_id" autocomplete="off" defaultValue={query.user_id ?? ""} />
        </div>
        <div class="field">
          <label for={age}>{t.olderThan}</label>
          <input
            id={age}
            name="days"
            type="number"
            min="0"
            max="36500"
            step="1"
            required
            defaultValue="0"
          />
        </div>
        <button type="submit" aria-disabled={isBusy.value}>
          {isBusy.value && !shown ? t.planning : t.plan}
        </button>
      </form>
      <p class="wrong" role="alert">
        {note.value}
      </p>
      {shown && (
        <PlanView
          key={shown.plan.digest}
          plan={shown.plan}
          isBusy={isBusy.value}
          onPurge={() => void busily(() => purge(shown.wanted, shown.plan))}
        />
      )}
    </>
  );
}
