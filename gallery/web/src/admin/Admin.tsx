// The bar, and the section that is shown; or, without a token, the question for it.

import { useEffect, useRef } from "preact/hooks";

import { Notice } from "../ui/Notice";
import { Toasts } from "../ui/Toasts";
import { ImagesPage } from "./ImagesPage";
import { hrefOf, place, SECTIONS, type Place } from "./place";
import { PurgePage } from "./PurgePage";
import { ServerPage } from "./ServerPage";
import { signOut, token } from "./session";
import { SignIn } from "./SignIn";
import { t } from "./texts";
import { UsagePage } from "./UsagePage";
import { UsersPage } from "./UsersPage";

export function Admin() {
  const isKnown = token.value !== "";
  return (
    <>
      {isKnown && (
        <a class="skip" href="#main" onClick={toMain}>
          {t.skip}
        </a>
      )}
      <header class="bar">
        <h1>{t.heading}</h1>
        {isKnown && <Tabs />}
        {isKnown && (
          <button type="button" class="out" onClick={() => signOut()}>
            {t.signOut}
          </button>
        )}
      </header>
      {isKnown ? <Main /> : <SignIn />}
      <Toasts />
    </>
  );
}

/** `#main` is no place of the page's. */
function toMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** On narrow screens they are scrolled to where one is. */
function Tabs() {
  const element = useRef<HTMLElement>(null);
  const { section } = place.value;
  useEffect(() => {
    const current = element.current?.querySelector("[aria-current]");
    current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [section]);
  return (
    <nav ref={element} class="tabs" aria-label={t.sections}>
      {SECTIONS.map((name) => (
        <a key={name} href={hrefOf(name)} aria-current={name === section ? "page" : undefined}>
          {t[name]}
        </a>
      ))}
    </nav>
  );
}

/** Takes the focus when another section is shown, and after signing in. */
function Main() {
  const element = useRef<HTMLElement>(null);
  const { section } = place.value;
  useEffect(() => element.current?.focus(), [section]);
  return (
    <main id="main" ref={element} tabIndex={-1} aria-label={section ? t[section] : t.unknownTitle}>
      <Shown place={place.value} />
    </main>
  );
}

/** The focus stays where it is while what is asked for changes. */
function Shown({ place: { section, query } }: { place: Place }) {
  switch (section) {
    case "users":
      return <UsersPage query={query} />;
    case "images":
      return <ImagesPage query={query} />;
    case "trash":
      return <PurgePage key={query.user_id} query={query} />;
    case "server":
      return <ServerPage />;
    case "usage":
      return <UsagePage query={query} />;
    case null:
      return <Notice title={t.unknownTitle} text={t.unknownText} />;
  }
}
