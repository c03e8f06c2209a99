// The button that opens the filters, over the page.

import { lazy, Suspense } from "preact/compat";
import { useRef, useState } from "preact/hooks";

import { Icon } from "../ui/Icon";
import { t } from "./texts";

const FilterMenu = lazy(() => import("./FilterMenu").then((part) => part.FilterMenu));
const MENU = "filters";

export function Filter() {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
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
        <Suspense fallback={null}>
          {isOpen && <FilterMenu onDone={() => menu.current?.hidePopover()} />}
        </Suspense>
      </div>
    </>
  );
}
