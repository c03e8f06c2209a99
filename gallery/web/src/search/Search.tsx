// Words and filters, as they stand in the URL.

import { useEffect, useRef } from "preact/hooks";

import { route } from "../route";
import { listing } from "../store";
import { Icon } from "../ui/Icon";
import { Chips } from "./Chips";
import { Filter } from "./Filter";
import { FIELD } from "./field";
import { chipsOf, remove, search } from "./filters";
import "./search.css";
import { t } from "./texts";

const PAUSE_MS = 250;
const LONGEST = 500;

export function Search() {
  const words = useWords();
  const onKeyDown = (event: KeyboardEvent): void => {
    const field = event.currentTarget as HTMLInputElement;
    if (event.key === "Escape" && !field.value) field.blur();
    if (event.key !== "Backspace" || field.value) return;
    const last = chipsOf(route.peek().filters).at(-1);
    if (last) remove(last);
  };
  return (
    <>
      <form
        class="search"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          words.say();
        }}
      >
        <Icon name="search" />
        <input
          ref={words.field}
          id={FIELD}
          type="search"
          maxLength={LONGEST}
          autocomplete="off"
          enterkeyhint="search"
          aria-label={t.search}
          aria-keyshortcuts="/"
          placeholder={t.placeholder}
          onInput={words.saySoon}
          onKeyDown={onKeyDown}
        />
        <Filter />
      </form>
      <Searched />
    </>
  );
}

/** What is typed is searched for after a pause; what the URL says otherwise stands in the field,
 * unless it is but an echo of what was typed. */
function useWords() {
  const field = useRef<HTMLInputElement>(null);
  const said = useRef<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { page, filters } = route.value;
  const { q = "" } = filters;
  useEffect(() => {
    if (said.current === q) return;
    clearTimeout(timer.current);
    said.current = q;
    if (field.current) field.current.value = q;
  }, [page, q]);
  useEffect(() => () => clearTimeout(timer.current), [page]);
  const say = (): void => {
    clearTimeout(timer.current);
    const typed = field.current?.value.trim() ?? "";
    said.current = typed;
    const before = route.peek().filters.q ?? "";
    if (typed !== before) search({ q: typed }, before ? "replace" : "push");
  };
  const saySoon = (): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(say, PAUSE_MS);
  };
  return { field, say, saySoon };
}

/** What is searched for, and what it comes to; heard by who doesn't see images come and go. */
function Searched() {
  const list = listing.value;
  const isSearching = list !== null && Object.keys(list.filters).length > 0;
  const isKnown = isSearching && list.state.value === "ready" && list.version.value >= 0;
  return (
    <div class={isSearching ? "searched" : "unseen"}>
      <Chips />
      <p role="status">{isKnown ? t.found(list.total) : ""}</p>
    </div>
  );
}
