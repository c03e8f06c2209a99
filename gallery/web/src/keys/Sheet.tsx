// All shortcuts, and the switch for those of a single key.

import { Fragment } from "preact";

import { Dialog } from "../ui/Dialog";
import { hasSingles, setSingles } from "./keys";
import "./sheet.css";
import { isSingle, SHORTCUTS, written, type Shortcut } from "./table";
import { t } from "./texts";

const GROUPS = ["browse", "choose", "change"] as const;

export function Sheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={t.title} onClose={onClose} kind="sheet">
      <div class="groups">
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{t[group]}</h3>
            <dl>
              {SHORTCUTS.filter((one) => one.group === group).map((one) => (
                <Line key={one.text} {...one} />
              ))}
              {group === "choose" && <Mouse />}
            </dl>
          </section>
        ))}
      </div>
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          checked={hasSingles.value}
          onChange={({ currentTarget }) => setSingles(currentTarget.checked)}
        />
        <span>
          <b>{t.single}</b>
          <small>{t.singleHint}</small>
        </span>
      </label>
    </Dialog>
  );
}

function Line({ keys, text, command }: Shortcut) {
  const isOff = !hasSingles.value && command !== undefined;
  const shown = isOff ? keys.filter((key) => !isSingle(key)) : keys;
  return (
    <div class={shown.length ? "" : "off"}>
      <dt>
        {(shown.length ? shown : keys).map((key) => (
          <kbd key={key}>{written(key).join(" + ")}</kbd>
        ))}
      </dt>
      <dd>{text}</dd>
    </div>
  );
}

function Mouse() {
  return (
    <Fragment>
      {t.mouse.map(([how, what]) => (
        <div key={how}>
          <dt>
            <kbd>{how}</kbd>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </Fragment>
  );
}
