// What a purge would take, and the count to be typed before it does.

import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";

import { bytes, number, typed } from "../formats";
import { hrefOf } from "./place";
import type { Plan } from "./requests";
import { Table } from "./Table";
import { t } from "./texts";

interface Props {
  plan: Plan;
  isBusy: boolean;
  onPurge: () => void;
}

export function PlanView({ plan, isBusy, onPurge }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const users = Object.entries(plan.users);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="card plan">
      <h3 ref={heading} tabIndex={-1}>
        {t.planTitle}
      </h3>
      {plan.count === 0 ? (
        <p>{t.nothingToPurge}</p>
      ) : (
        <>
          <p class="sum">{t.planOf(plan.count, bytes(plan.bytes), users.length)}</p>
          <Whose users={users} />
          <Confirm count={plan.count} isBusy={isBusy} onPurge={onPurge} />
        </>
      )}
    </section>
  );
}

function Whose({ users }: { users: [string, number][] }) {
  return (
    <Table
      label={t.users}
      columns={[
        {
          name: t.name,
          cell: ([user_id]) => <a href={hrefOf("images", { user_id })}>{user_id}</a>,
        },
        { name: t.images, cell: ([, count]) => number(count), kind: "figure" },
      ]}
      rows={users}
      keyOf={([user_id]) => user_id}
    />
  );
}

function Confirm({ count, isBusy, onPurge }: { count: number } & Omit<Props, "plan">) {
  const field = useId();
  const text = useSignal("");
  const isRight = typed(text.value) === count;
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        if (isRight) onPurge();
      }}
    >
      <div class="field broad">
        <label for={field}>{t.typeCount(count)}</label>
        <input
          id={field}
          inputMode="numeric"
          autocomplete="off"
          value={text.value}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        />
      </div>
      <button type="submit" class="filled" disabled={!isRight || isBusy}>
        {isBusy ? t.purging : t.purge}
      </button>
    </form>
  );
}
