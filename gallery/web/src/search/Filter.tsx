// The button that opens the filters, over the page.

import { lazy } from "preact/compat";
import { useRef, useState } from "preact/hooks";

import { Icon } from "../ui/Icon";
import { Part } from "../ui/Part";
import { t } from "./texts";

const FilterMenu = lazy(() => import("./FilterMenu").then((part) => part.FilterMenu));
const MENU = "filters";

export function Filter() {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const close = (): void => menu.current?.hidePopover();
  const place = (): void => {
    const right = button.current?.getBoundingClientRect().right ?? innerWidth;
    menu.current?.style.setProperty("--right", `${document.body.clientWidth - right}px`);
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class="plain"
        popovertarget={MENU}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        aria-label={t.add}
        title={t.add}
        onClick={place}
      >
        <Icon name="filter" />
      </button>
      <div
        ref={menu}
        id={MENU}
        class="filters"
        popover="auto"
        role="dialog"
        aria-label={t.filters}
        onToggle={(event) => setOpen(event.newState === "open")}
      >
        {isOpen && (
          <Part onClose={close}>
            <FilterMenu onDone={close} />
          </Part>
        )}
      </div>
    </>
  );
}
