// Asks into which drawer images are copied.

import { Dialog } from "../ui/Dialog";
import { DRAWERS, type Drawer } from "./copying";
import { drawerName, t } from "./texts";

interface Props {
  onChoose: (kind: Drawer) => void;
  onClose: () => void;
}

export function DrawerDialog({ onChoose, onClose }: Props) {
  return (
    <Dialog title={t.copyInto} onClose={onClose}>
      <p>{t.copyText}</p>
      <footer>
        {DRAWERS.map((kind) => (
          <button key={kind} type="button" onClick={() => onChoose(kind)}>
            {drawerName(kind)}
          </button>
        ))}
      </footer>
    </Dialog>
  );
}
