// How the server is, and what its periodic jobs did last.

import { bytes, moment, number } from "../formats";
import { useAnswer } from "./answer";
import { Answered, Refresh, Wide } from "./Answered";
import { Facts, type Fact } from "./Facts";
import { getHealth, getJobs, type Health, type Job, type Jobs, type Store } from "./requests";
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
    [t.moved, told(moved && t.moves(moved.turns, moved.fallback_reads))],
    [t.processes, told(processes && t.pids(processes.length, pids))],
    [t.running, moment(health.began_at)],
    [t.version, health.version],
  ];
}

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
      <Wide label={t.jobs}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.job}</th>
              <th scope="col">{t.began}</th>
              <th scope="col" class="figure">
                {t.took}
              </th>
              <th scope="col">{t.figures}</th>
              <th scope="col">{t.due}</th>
            </tr>
          </thead>
          <tbody>
            {jobs.map((job) => (
              <Row key={job.name} job={job} />
            ))}
          </tbody>
        </table>
      </Wide>
      {leader && <p class="hint">{t.leader(leader.host, leader.pid)}</p>}
    </>
  );
}

function Row({ job }: { job: Job }) {
  const { name, began_at, seconds, figures, error, due_at } = job;
  const came = Object.entries(figures).map(([figure, value]) => said(figure, value));
  return (
    <tr>
      <th scope="row">{t.jobNames[name] ?? name}</th>
      <td>{moment(began_at)}</td>
      <td class="figure">
        {seconds === null ? t.underWay : t.seconds(number(Math.round(seconds * 100) / 100))}
      </td>
      <td class="long">{error ? <span class="wrong">{t.failed(error)}</span> : came.join(", ")}</td>
      <td>{due_at && moment(due_at)}</td>
    </tr>
  );
}

function said(figure: string, value: number): string {
  const name = t.figureNames[figure] ?? figure;
  if (figure === "may_purge") return `${name}: ${value ? t.yes : t.no}`;
  return `${name}: ${figure === "bytes" ? bytes(value) : number(value)}`;
}
