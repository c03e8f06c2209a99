// How the server is, and what its periodic jobs did last.

import { Fragment, type ComponentChildren } from "preact";

import { bytes, moment, number } from "../formats";
import { useAnswer } from "./answer";
import { Answered, Refresh } from "./Answered";
import { Facts, type Fact } from "./Facts";
import { getHealth, getJobs, type Health, type Job, type Jobs, type Store } from "./requests";
import { Table, type Column } from "./Table";
import { t } from "./texts";

export function ServerPage() {
  const health = useAnswer(getHealth);
  const jobs = useAnswer(getJobs);
  return (
    <>
      <header class="head">
        <h2>{t.health}</h2>
        <Refresh answers={[health, jobs]} />
      </header>
      <Answered answer={health}>{(value) => <Facts facts={factsOf(value)} />}</Answered>
      <header class="head">
        <h2>{t.jobs}</h2>
      </header>
      <Answered answer={jobs}>{(value) => <Done jobs={value} />}</Answered>
    </>
  );
}

function factsOf(health: Health): Fact[] {
  const { damaged, moved, processes, quarantined } = health;
  const told = (value: string | null): string => value ?? t.unknown;
  const pids = processes?.map(({ pid }) => pid).join(", ") ?? "";
  const { damaged: wrong = 0, missing = 0, unreadable = 0 } = damaged ?? {};
  return [
    [t.storage, <StoreState key="storage" store={health.storage} />],
    [t.catalog, <StoreState key="catalog" store={health.catalog} />],
    [t.free, health.free_bytes === null ? null : bytes(health.free_bytes)],
    [t.damaged, told(damaged && t.damages(wrong, missing, unreadable))],
    [t.quarantined, told(quarantined === null ? null : number(quarantined))],
    [t.moved, told(moved && movesOf(moved.turns, moved.fallback_reads))],
    [t.processes, told(processes && t.pids(processes.length, pids))],
    [t.running, moment(health.began_at)],
    [t.version, health.version],
  ];
}

const movesOf = (turns: number, reads: number): string =>
  turns === 0 ? t.neverMoved : t.moves(turns, reads);

function StoreState({ store: { name, reachable, why } }: { store: Store }) {
  return (
    <>
      <span class={reachable ? "well" : "ill"}>{reachable ? t.reachable : t.away}</span>{" "}
      <code>{name}</code>
      {why && <span class="wrong"> {why}</span>}
    </>
  );
}

function Done({ jobs: { leader, jobs } }: { jobs: Jobs }) {
  if (jobs.length === 0) return <p class="hint">{t.noJobs}</p>;
  return (
    <>
      <Table label={t.jobs} columns={COLUMNS} rows={jobs} keyOf={({ name }) => name} />
      {leader && <p class="hint">{t.leader(leader.host, leader.pid)}</p>}
    </>
  );
}

const COLUMNS: Column<Job>[] = [
  { name: t.job, cell: ({ name }) => t.jobNames[name] ?? name },
  { name: t.began, cell: ({ began_at }) => moment(began_at) },
  { name: t.took, cell: ({ seconds }) => tookOf(seconds), kind: "figure" },
  { name: t.figures, cell: resultOf, kind: "long" },
  { name: t.due, cell: ({ due_at }) => due_at && moment(due_at) },
];

const tookOf = (seconds: number | null): string =>
  seconds === null ? t.underWay : t.seconds(number(Math.round(seconds * 100) / 100));

function resultOf({ figures, error }: Job): ComponentChildren {
  if (error) return <span class="wrong">{t.failed(error)}</span>;
  return Object.entries(figures).map(([figure, value], n) => (
    <Fragment key={figure}>
      {n > 0 && ", "}
      <span class={figure === "damaged" && value > 0 ? "ill" : undefined}>
        {said(figure, value)}
      </span>
    </Fragment>
  ));
}

function said(figure: string, value: number): string {
  const name = t.figureNames[figure] ?? figure;
  if (figure === "may_purge") return `${name}: ${value ? t.yes : t.no}`;
  return `${name}: ${figure === "bytes" ? bytes(value) : number(value)}`;
}
