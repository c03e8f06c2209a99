// Line drawings of 24 by 24. What they mean stands beside them, or in a label.

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
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
