// The invitation where there are no images yet.

import type { Kind } from "../api";
import { me } from "../store";
import { Icon } from "../ui/Icon";
import { Picker } from "./Picker";
import { t } from "./texts";
import { CopyFrom } from "./Upload";

const TEXTS: Record<Kind, [string, string]> = {
  output: [t.firstTitle, t.firstText],
  input: [t.inputTitle, t.inputText],
  control: [t.controlTitle, t.controlText],
};

export function FirstVisit({ kind }: { kind: Kind }) {
  const [title, text] = TEXTS[kind];
  return (
    <section class="first">
      <Icon name="upload" />
      <h2>{title}</h2>
      <p>{text}</p>
      <div class="actions">
        <Picker class="primary">{t.choose}</Picker>
        {kind !== "output" && <CopyFrom />}
      </div>
      {kind === "output" && (
        <ul>
          {t.firstPoints.map((point) => (
            <li key={point}>{point}</li>
          ))}
          {me.value && <li>{t.firstTrash(me.value.retention_days)}</li>}
        </ul>
      )}
    </section>
  );
}
