// Two images beside each other, or one over the other.

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { getImage, Problem, type Image } from "../api";
import { said, t as shared } from "../i18n";
import { remember, signalOf } from "../images";
import { go, leave } from "../route";
import { watch } from "../store";
import { useTitle } from "../title";
import { Icon } from "../ui/Icon";
import { Notice } from "../ui/Notice";
import { useAloft } from "../viewer/aloft";
import { Missing } from "../viewer/Missing";
import { Divider } from "./Divider";
import { Original } from "./Original";
import { Table } from "./Table";
import { t } from "./texts";
import "./compare.css";

/** Kept while one goes from pair to pair. */
const isBeside = signal(false);

export function Compare({ ids }: { ids: [string, string] }) {
  const root = useRef<HTMLDivElement>(null);
  const focused = useRef(document.activeElement);
  useAloft(".compare");
  useTitle(t.title);
  useLayoutEffect(() => {
    const before = focused.current;
    root.current?.focus({ preventScroll: true });
    return () => before instanceof HTMLElement && before.focus({ preventScroll: true });
  }, []);
  const { pair, problem, retry } = usePair(ids);
  return (
    <div
      ref={root}
      class="compare"
      role="dialog"
      aria-label={t.title}
      tabIndex={-1}
      onKeyDown={(event) => event.key === "Escape" && leave()}
    >
      <Head>{!problem && <Tools ids={ids} />}</Head>
      {problem && <Trouble problem={problem} retry={retry} />}
      {!problem && pair && <Pair pair={pair} />}
      {!problem && !pair && <p class="waiting">{shared.loading}</p>}
    </div>
  );
}

function Trouble({ problem, retry }: { problem: Problem; retry: () => void }) {
  if (problem.status === 404) {
    return (
      <div class="notice" role="alert">
        <Missing title={t.missingTitle} text={t.missingText} />
      </div>
    );
  }
  return (
    <Notice title={t.title} text={said(problem)}>
      <button type="button" onClick={retry}>
        {shared.retry}
      </button>
    </Notice>
  );
}

function Head({ children }: { children: ComponentChildren }) {
  return (
    <header>
      <button type="button" class="plain" aria-label={t.back} onClick={leave}>
        <Icon name="back" />
      </button>
      <h1>{t.title}</h1>
      {children}
    </header>
  );
}

function Tools({ ids: [first, second] }: { ids: [string, string] }) {
  return (
    <>
      <div class="modes" role="group" aria-label={t.how}>
        {[false, true].map((beside) => (
          <button
            key={String(beside)}
            type="button"
            aria-pressed={isBeside.value === beside}
            onClick={() => (isBeside.value = beside)}
          >
            <Icon name={beside ? "columns" : "slider"} />
            <span>{beside ? t.beside : t.slider}</span>
          </button>
        ))}
      </div>
      <button
        type="button"
        class="swap"
        aria-label={t.swap}
        onClick={() => go({ compare: [second, first] }, "replace")}
      >
        <Icon name="swap" />
        <span>{t.swap}</span>
      </button>
    </>
  );
}

function Pair({ pair: [first, second] }: { pair: [Image, Image] }) {
  return (
    <>
      {isBeside.value ? (
        <div class="beside">
          <Side key={first.id} image={first} name={t.first} />
          <Side key={second.id} image={second} name={t.second} />
        </div>
      ) : (
        <Divider key={`${first.id} ${second.id}`} first={first} second={second} />
      )}
      <Table first={first} second={second} />
    </>
  );
}

function Side({ image, name }: { image: Image; name: string }) {
  return (
    <figure>
      <Original image={image} />
      <figcaption class="side">{name}</figcaption>
    </figure>
  );
}

/** Both images as they are now, asked for where they aren't known. */
function usePair(ids: [string, string]) {
  const [first, second] = ids;
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tries, setTries] = useState(0);
  const [, setChanges] = useState(0);
  useEffect(() => {
    let isWanted = true;
    setProblem(null);
    const missing = [first, second].filter((id) => !signalOf(id));
    Promise.all(missing.map(async (id) => remember(await getImage(id)))).then(
      () => setChanges((n) => n + 1),
      (error: unknown) => {
        if (!isWanted) return;
        setProblem(error instanceof Problem ? error : new Problem(0, "failed", String(error)));
      },
    );
    const unwatch = watch((id, image) => {
      if (!image && (id === first || id === second)) {
        setProblem(new Problem(404, "unknown_image", ""));
      }
    });
    return () => {
      isWanted = false;
      unwatch();
    };
  }, [first, second, tries]);
  const [one, other] = [signalOf(first)?.value, signalOf(second)?.value];
  const pair: [Image, Image] | null = one && other ? [one, other] : null;
  return { pair, problem, retry: () => setTries(tries + 1) };
}
