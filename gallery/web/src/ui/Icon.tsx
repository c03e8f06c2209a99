// Small drawings on buttons, in the text's colour.

const PATHS = {
  heart: "M12 20s-7.5-4.6-7.5-10A4.2 4.2 0 0 1 12 7.3 4.2 4.2 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10Z",
  unheart:
    "M12 20s-7.5-4.6-7.5-10A4.2 4.2 0 0 1 12 7.3 4.2 4.2 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10ZM4 4l16 16",
  tag: "M4 4h7l9 9-7 7-9-9V4Zm4 4h.01",
  download: "M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 20h14",
  trash: "M5 7h14M10 7V4h4v3m-7.5 0 1 13h9l1-13M10 11v5m4-5v5",
  restore: "M4 10h10a5 5 0 0 1 0 10h-3M8 6l-4 4 4 4",
  compare: "M12 3v18M4 7h5v10H4V7Zm11 0h5v10h-5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
