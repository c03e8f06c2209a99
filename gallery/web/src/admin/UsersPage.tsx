// Everybody who has images, with what they have.

import { useId } from "preact/hooks";

import { bytes, moment, number } from "../formats";
import { Notice } from "../ui/Notice";
import { useAnswer } from "./answer";
import { Answered, Refresh } from "./Answered";
import { become, go, hrefOf, type Query } from "./place";
import { getUsers, type User, type Users } from "./requests";
import { sortingOf, turned, type Field } from "./sorting";
import { Table, type Column } from "./Table";
import { t } from "./texts";

const SIZE = 200;

export function UsersPage({ query }: { query: Query }) {
  const page = Math.max(1, Math.trunc(Number(query.page)) || 1);
  const name = query.name?.trim() ?? "";
  const wanted = { page, size: SIZE, name, ...sortingOf(query) };
  const answer = useAnswer((signal) => getUsers(wanted, signal), JSON.stringify(wanted));
  const open = async (): Promise<void> => {
    await answer.load();
    const user = meant(answer.value.peek(), name);
    if (user) go("images", { user_id: user.user_id });
  };
  return (
    <>
      <header class="head">
        <h2>{t.users}</h2>
        <Refresh answers={[answer]} />
      </header>
      <Answered answer={answer}>
        {(users) =>
          users.total === 0 && !name ? (
            <Notice title={t.emptyTitle} text={t.emptyText} />
          ) : (
            <>
              <Search users={users} query={query} onSubmit={() => void open()} />
              {users.total > 0 && (
                <Table
                  label={t.users}
                  columns={columnsOf(query)}
                  rows={users.items}
                  keyOf={({ user_id }) => user_id}
                />
              )}
              <Pages users={users} query={query} />
            </>
          )
        }
      </Answered>
    </>
  );
}

/** Who is called just so, or alone has that in their name. What was answered may be older. */
function meant(users: Users | null, name: string): User | undefined {
  const part = name.toLowerCase();
  const found = users?.items.filter(({ user_id }) => user_id.includes(part)) ?? [];
  return (
    found.find(({ user_id }) => user_id === part) ?? (users?.total === 1 ? found[0] : undefined)
  );
}

interface Props {
  users: Users;
  query: Query;
}

function Search({ users, query, onSubmit }: Props & { onSubmit: () => void }) {
  const [field, hint] = [useId(), useId()];
  return (
    <form
      class="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (query.name) onSubmit();
      }}
    >
      <div class="field">
        <label for={field}>{t.filter}</label>
        <input
          id={field}
          type="search"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={100}
          value={query.name ?? ""}
          aria-describedby={hint}
          onInput={({ currentTarget: { value } }) =>
            become("users", { ...query, page: undefined, name: value })
          }
        />
      </div>
      <p id={hint} class="hint" role="status">
        {query.name?.trim() ? foundOf(users.total) : t.allUsers(users.total)}
      </p>
    </form>
  );
}

const foundOf = (total: number): string => (total === 0 ? t.noUser : t.foundUsers(total));

function columnsOf(query: Query): Column<User>[] {
  const now = sortingOf(query);
  const sorted = (field: Field): Pick<Column<User>, "sorted"> => {
    const states = { asc: "ascending", desc: "descending" } as const;
    const state = field === now.sort ? states[now.order] : "none";
    const href = hrefOf("users", { name: query.name, ...turned(now, field) });
    return { sorted: { state, href } };
  };
  const figure = (field: Field): Pick<Column<User>, "kind" | "sorted"> => ({
    kind: "figure",
    ...sorted(field),
  });
  return [
    {
      name: t.name,
      cell: ({ user_id }) => <a href={hrefOf("images", { user_id })}>{user_id}</a>,
      ...sorted("user_id"),
    },
    { name: t.active, cell: ({ active }) => number(active), ...figure("active") },
    { name: t.inTrash, cell: ({ trash }) => number(trash), ...figure("trash") },
    { name: t.size, cell: (user) => bytes(user.bytes), ...figure("bytes") },
    { name: t.first, cell: ({ first }) => first && moment(first), ...sorted("first") },
    { name: t.last, cell: ({ last }) => last && moment(last), ...sorted("last") },
  ];
}

function Pages({ users: { page, size, total }, query }: Props) {
  const pages = Math.ceil(total / size);
  if (pages < 2) return null;
  const link = (to: number, text: string) => (
    <a class="button" href={hrefOf("users", { ...query, page: String(to) })} onClick={toTop}>
      {text}
    </a>
  );
  return (
    <nav class="pages" aria-label={t.page(page, pages)}>
      {page > 1 && link(page - 1, t.previous)}
      <span>{t.page(page, pages)}</span>
      {page < pages && link(page + 1, t.next)}
    </nav>
  );
}

/** A link that is gone on the last page could not keep the focus. */
function toTop(): void {
  document.getElementById("main")?.focus();
  scrollTo(0, 0);
}
