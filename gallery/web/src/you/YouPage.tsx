// Whose gallery this is: its room, and how to take it along.

import { t as shared } from "../i18n";
import { opened } from "../keys/commands";
import { me } from "../store";
import { Links } from "./Links";
import { t } from "./texts";
import { Usage } from "./Usage";
import "./you.css";

export function YouPage() {
  const now = me.value;
  return (
    <main id="main" class="you" tabIndex={-1}>
      <h1 class="unseen">{shared.you}</h1>
      {now && <Usage me={now} />}
      <section aria-labelledby="you-browser">
        <h2 id="you-browser">{t.browser}</h2>
        <p>{t.browserText}</p>
        <p>{t.linkText}</p>
        {now && <Links hasImages={now.count > 0} />}
      </section>
      <section aria-labelledby="you-keys">
        <h2 id="you-keys">{t.keyboard}</h2>
        <p>{t.keyboardText}</p>
        <button type="button" onClick={() => (opened.value = "sheet")}>
          {t.showKeys}
        </button>
      </section>
    </main>
  );
}
