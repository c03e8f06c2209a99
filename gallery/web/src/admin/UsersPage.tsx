// Everybody who has images, with what they have.

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";

import { bytes, moment, number } from "../formats";
import { Notice } from "../ui/Notice";
import { useAnswer } from "./answer";
import { Answered, Refresh, Wide } from "./Answered";
import { go, hrefOf, type Query } from "./place";
import { getUsers, type User, type Users } from "./requests";
import { t } from "./texts";

const SIZE = 200;

export function UsersPage({ query }: { query: Query }) {
  const page = Math.max(1, Math.trunc(Number(query.page)) || 1);
  const answer = useAnswer((signal) => getUsers(page, SIZE, signal));
  return (
    <>
      <header class="head">
        <h2>{t.users}</h2>
        <Refresh answers={[answer]} />
      </header>
      <Answered answer={answer}>
        {(users) =>
          users.total === 0 ? (
            <Notice title={t.emptyTitle} text={t.emptyText} />
          ) : (
            <Listed users={users} />
          )
        }
      </Answered>
    </>
  );
}

function Listed({ users }: { users: Users }) {
  const [field, hint] = [useId(), useId()];
  const text = useSignal("");
  const wanted = text.value.trim().toLowerCase();
  const found = users.items.filter(({ user_id }) => user_id.toLowerCase().includes(wanted));
  const pages = Math.max(1, Math.ceil(users.total / users.size));
  return (
    <>
      <form
        class="filters"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          const user_id = found.length === 1 ? found[0]?.user_id : text.value.trim();
          if (wanted) go("images", { user_id });
        }}
      >
        <div class="field">
          <label for={field}>{t.filter}</label>
          <input
            id={field}
            type="search"
            autocomplete="off"
            value={text.value}
            aria-describedby={hint}
            onInput={({ currentTarget }) => (text.value = currentTarget.value)}
          />
        </div>
        <button type="submit">{t.open}</button>
        <p id={hint} class="hint" role="status">
          {t.shownUsers(found.length, users.total)}
          {pages > 1 && `. ${t.filterPage}`}
        </p>
      </form>
      {found.length > 0 ? <Table users={found} /> : <p class="hint">{t.noUser}</p>}
      {pages > 1 && <Pages at={users.page} of={pages} />}
    </>
  );
}

function Table({ users }: { users: User[] }) {
  return (
    <Wide label={t.users}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.name}</th>
            <th scope="col" class="figure">
              {t.active}
            </th>
            <th scope="col" class="figure">
              {t.inTrash}
            </th>
            <th scope="col" class="figure">
              {t.size}
            </th>
            <th scope="col">{t.first}</th>
            <th scope="col">{t.last}</th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <Row key={user.user_id} user={user} />
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

function Row({ user }: { user: User }) {
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf("images", { user_id: user.user_id })}>{user.user_id}</a>
      </th>
      <td class="figure">{number(user.active)}</td>
      <td class="figure">{number(user.trash)}</td>
      <td class="figure">{bytes(user.bytes)}</td>
      <td>{user.first && moment(user.first)}</td>
      <td>{user.last && moment(user.last)}</td>
    </tr>
  );
}

function Pages({ at, of }: { at: number; of: number }) {
  return (
    <nav class="pages" aria-label={t.page(at, of)}>
      {at > 1 && (
        <a class="button" href={hrefOf("users", { page: String(at - 1) })}>
          {t.previous}
        </a>
      )}
      <span>{t.page(at, of)}</span>
      {at < of && (
        <a class="button" href={hrefOf("users", { page: String(at + 1) })}>
          {t.next}
        </a>
      )}
    </nav>
  );
}
