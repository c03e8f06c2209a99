// What stands between this page and its images, as long as it does.

import { useSignalEffect } from "@preact/signals";
import { useState } from "preact/hooks";

import { inTwo, t as shared } from "../i18n";
import { isOnline, trouble, type Trouble } from "../trouble";
import { tell } from "./Toasts";

const t: Record<Trouble, string> = inTwo(
  {
    offline: "You are offline. What was loaded can still be looked at.",
    gone: shared.away,
    unavailable: "The storage is away for now. Nothing is lost. Trying again…",
  },
  {
    offline: "오프라인입니다. 이미 불러온 이미지는 볼 수 있습니다.",
    gone: shared.away,
    unavailable: "저장소를 잠시 쓸 수 없습니다. 잃은 것은 없습니다. 다시 시도하는 중…",
  },
);

/** A short break is nothing to speak of. */
const PATIENCE_MS = 1_500;

export function Banner() {
  const [shown, setShown] = useState<Trouble | null>(null);
  useSignalEffect(() => {
    const now = trouble.value;
    const patience = now && isOnline.peek() ? PATIENCE_MS : 0;
    const timer = setTimeout(() => {
      setShown((before) => {
        if (before && !now) tell(shared.back);
        return now;
      });
    }, patience);
    return () => clearTimeout(timer);
  });
  return <div role="status">{shown && <p class="away">{t[shown]}</p>}</div>;
}
