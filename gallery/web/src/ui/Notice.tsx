// What stands where images would, when there are none to show.

import type { ComponentChildren } from "preact";

interface Props {
  title: string;
  text: string;
  children?: ComponentChildren;
}

export function Notice({ title, text, children }: Props) {
  return (
    <div class="notice">
      <h2>{title}</h2>
      <p>{text}</p>
      {children}
    </div>
  );
}
