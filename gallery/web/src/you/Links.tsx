// Links that open this gallery elsewhere: made, and shown once; listed, and revoked.

import { useEffect, useRef, useState } from "preact/hooks";

import { getLinks, makeLink, revokeLink, type RecoveryLink } from "../api";
import { moment } from "../formats";
import { confirm } from "../ui/Dialog";
import { leaving } from "../ui/focus";
import { attempt, tell } from "../ui/Toasts";
import { copyFrom } from "./clipboard";
import { t } from "./texts";

const LONGEST = 100;

export function Links({ hasImages }: { hasImages: boolean }) {
  const [links, setLinks] = useState<RecoveryLink[] | null>(null);
  const [made, setMade] = useState<RecoveryLink | null>(null);
  const load = (): Promise<void> => attempt(async () => setLinks((await getLinks()).links));
  useEffect(() => void load(), []);
  const make = (name: string): Promise<void> =>
    attempt(async () => {
      setMade(await makeLink(name));
      await load();
    });
  const revoke = async ({ id, name }: RecoveryLink): Promise<void> => {
    const question = { title: t.revokeTitle, text: t.revokeText, label: t.revoke, isDanger: true };
    if (!(await confirm({ ...question, text: `${name ?? t.unnamed}: ${t.revokeText}` }))) return;
    await attempt(async () => {
      await revokeLink(id);
      if (made?.id === id) setMade(null);
      tell(t.revoked(name ?? t.unnamed));
    });
    await load();
    // Its button is gone, and the focus with it: back to the page, and not to its beginning.
    document.getElementById("main")?.focus({ preventScroll: true });
  };
  if (!hasImages && !links?.length) return <p class="hint">{t.nothingYet}</p>;
  return (
    <>
      {made?.url ? (
        <Made url={made.url} onDone={() => setMade(null)} />
      ) : (
        <Make onMake={(name) => void make(name)} />
      )}
      <h3>{t.links}</h3>
      {links && !links.length && <p class="hint">{t.noLinks}</p>}
      <ul class="links">
        {links?.map((link) => (
          <Row key={link.id} link={link} onRevoke={() => void revoke(link)} />
        ))}
      </ul>
    </>
  );
}

const NAME = "link-name";
const toName = (): void => document.getElementById(NAME)?.focus();

function Make({ onMake }: { onMake: (name: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <form
      class="make"
      onSubmit={(event) => {
        event.preventDefault();
        onMake(field.current?.value.trim() ?? "");
      }}
    >
      <label>
        {t.name}
        <input
          ref={field}
          id={NAME}
          maxLength={LONGEST}
          placeholder={t.namePlaceholder}
          autocomplete="off"
        />
      </label>
      <button type="submit" class="primary">
        {t.make}
      </button>
    </form>
  );
}

/** The only time that the link is seen. */
function Made({ url, onDone }: { url: string; onDone: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const [said, say] = useState("");
  useEffect(() => field.current?.focus(), []);
  const copy = async (): Promise<void> => {
    if (field.current) say((await copyFrom(field.current)) ? t.copied : t.notCopied);
  };
  return (
    <div class="made">
      <h3>{t.made}</h3>
      <p>{t.madeText}</p>
      <div>
        <input
          ref={field}
          readOnly
          value={url}
          aria-label={t.made}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
        <button type="button" class="primary" onClick={() => void copy()}>
          {t.copy}
        </button>
        <button type="button" onClick={leaving(onDone, toName)}>
          {t.gotIt}
        </button>
      </div>
      <p role="status">{said}</p>
    </div>
  );
}

function Row({ link, onRevoke }: { link: RecoveryLink; onRevoke: () => void }) {
  const name = link.name ?? t.unnamed;
  const used = link.used_at ? t.usedAt(moment(link.used_at)) : t.unused;
  return (
    <li>
      <span>
        <strong>{name}</strong>
        <span class="hint">
          {t.madeAt(moment(link.made_at))} · {used}
        </span>
      </span>
      <button type="button" class="danger" aria-label={t.revokeOne(name)} onClick={onRevoke}>
        {t.revoke}
      </button>
    </li>
  );
}
