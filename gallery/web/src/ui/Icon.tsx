// Small drawings, in the text's colour. What they mean stands beside them, or in a label.

const PATHS = {
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm5 12 4.5 4.5",
  filter: "M4 6h16M7 12h10M10 18h4",
  upload: "M12 16V4m0 0L7 9m5-5 5 5M4 16v4h16v-4",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  close: "M6 6l12 12M18 6 6 18",
  fold: "M6 9l6 6 6-6",
  unfold: "M6 15l6-6 6 6",
  retry: "M19 8a8 8 0 1 0 1 6M20 3v5h-5",
  done: "M5 12.5 10 17.5 19.5 7",
  heart: "M12 20s-7.5-4.6-7.5-10A4.2 4.2 0 0 1 12 7.3 4.2 4.2 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10Z",
  unheart:
    "M12 20s-7.5-4.6-7.5-10A4.2 4.2 0 0 1 12 7.3 4.2 4.2 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10ZM4 4l16 16",
  tag: "M4 4h7l9 9-7 7-9-9V4Zm4 4h.01",
  download: "M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 20h14",
  trash: "M5 7h14M10 7V4h4v3m-7.5 0 1 13h9l1-13M10 11v5m4-5v5",
  restore: "M4 10h10a5 5 0 0 1 0 10h-3M8 6l-4 4 4 4",
  compare: "M12 3v18M4 7h5v10H4V7Zm11 0h5v10h-5",
  back: "M15 5l-7 7 7 7",
  forward: "M9 5l7 7-7 7",
  zoom: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M15.5 15.5l5 5M8 10.5h5M10.5 8v5",
  info: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17M12 11v5.5M12 7.6v.1",
  swap: "M4 8.5h15M15.5 5 19 8.5 15.5 12M20 15.5H5M8.5 12 5 15.5 8.5 19",
  columns: "M4 5h16v14H4zM12 5v14",
  slider: "M12 3.5v17M8.5 9.5 6 12l2.5 2.5M15.5 9.5 18 12l-2.5 2.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, filled = false }: { name: IconName; filled?: boolean }) {
  return (
    <svg class={filled ? "icon solid" : "icon"} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
