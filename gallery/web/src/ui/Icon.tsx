// Drawn signs. Whatever they stand in has a name of its own.

const PATHS = {
  back: "M15 5l-7 7 7 7",
  forward: "M9 5l7 7-7 7",
  close: "M6 6l12 12M18 6 6 18",
  heart: "M12 20C7 16.5 4 13.5 4 9.8A4.3 4.3 0 0 1 12 7.6a4.3 4.3 0 0 1 8 2.2c0 3.7-3 6.7-8 10.2z",
  zoom: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M15.5 15.5 20.5 20.5M8 10.5h5M10.5 8v5",
  info: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17M12 11v5.5M12 7.6v.1",
  compare: "M12 3.5v17M9 6.5H4.5v11H9M15 6.5h4.5v11H15",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14",
  trash: "M4.5 7h15M9 7V4.5h6V7M6.5 7l.9 13h9.2l.9-13M10.3 10.5v6M13.7 10.5v6",
  restore: "M5 12.5a7 7 0 1 0 2.2-5.6M5 4.5v4.2h4.2",
  swap: "M4 8.5h15M15.5 5l3.5 3.5L15.5 12M20 15.5H5M8.5 12 5 15.5 8.5 19",
  columns: "M4 5h16v14H4zM12 5v14",
  slider: "M12 3.5v17M8.5 9.5 6 12l2.5 2.5M15.5 9.5 18 12l-2.5 2.5",
};

export type IconName = keyof typeof PATHS;

export function Icon({ name, filled = false }: { name: IconName; filled?: boolean }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      width="24"
      height="24"
      fill={filled ? "currentColor" : "none"}
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
