// A button that has files chosen.

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

import { drawer, queue } from "./uploads";

interface Props {
  class?: string;
  label?: string;
  children: ComponentChildren;
}

export function Picker({ class: name, label, children }: Props) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class={name}
        aria-label={label}
        title={label}
        onClick={() => input.current?.click()}
      >
        {children}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept="image/png,image/jpeg,image/webp"
        onChange={({ currentTarget }) => {
          if (currentTarget.files) queue.add(currentTarget.files, drawer());
          // The same files may be chosen again.
          currentTarget.value = "";
        }}
      />
    </>
  );
}
