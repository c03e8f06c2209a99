// Files that are dropped, pasted or picked, and what becomes of them.

import { lazy } from "preact/compat";
import { useEffect, useState } from "preact/hooks";

import { route } from "../route";
import { Icon } from "../ui/Icon";
import { Part } from "../ui/Part";
import { DropZone } from "./DropZone";
import { Panel } from "./Panel";
import { Picker } from "./Picker";
import { drawerName, t } from "./texts";
import "./upload.css";
import { begin, drawer } from "./uploads";

const CopyDialog = lazy(() => import("./CopyDialog").then((part) => part.CopyDialog));

export function Upload() {
  const { page } = route.value;
  return (
    <div class="uploader">
      {(page === "inputs" || page === "controls") && <CopyFrom />}
      <Picker class="primary" label={t.uploadTo(drawerName(drawer()))}>
        <Icon name="upload" />
        <span>{t.upload}</span>
      </Picker>
    </div>
  );
}

/** What lies over the page. */
export function Uploads() {
  useEffect(begin, []);
  return (
    <>
      <DropZone />
      <Panel />
    </>
  );
}

/** Opens the dialog in which own images are chosen for the drawer that is shown. */
export function CopyFrom() {
  const [isOpen, setOpen] = useState(false);
  const kind = drawer();
  return (
    <>
      <button type="button" title={t.copyFrom} onClick={() => setOpen(true)}>
        <Icon name="copy" />
        <span>{t.copyFrom}</span>
      </button>
      {isOpen && kind !== "output" && (
        <Part onClose={() => setOpen(false)}>
          <CopyDialog kind={kind} onClose={() => setOpen(false)} />
        </Part>
      )}
    </>
  );
}
