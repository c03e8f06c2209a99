// Which page is shown, and what lies over it.

import { lazy, Suspense } from "preact/compat";

import { t } from "./i18n";
import { Opened } from "./keys/Opened";
import { route } from "./route";
import { Search } from "./search/Search";
import { SelectionBar } from "./selection/SelectionBar";
import { Tagging } from "./selection/TagDialog";
import { listing } from "./store";
import { TimelinePage } from "./timeline/TimelinePage";
import { Announcer } from "./ui/Announcer";
import { Questions } from "./ui/Dialog";
import { Header } from "./ui/Header";
import { Toasts } from "./ui/Toasts";
import { Upload } from "./upload/Upload";

const Viewer = lazy(() => import("./viewer/Viewer").then((part) => part.Viewer));
const Compare = lazy(() => import("./compare/Compare").then((part) => part.Compare));
const TrashPage = lazy(() => import("./trash/TrashPage").then((part) => part.TrashPage));
const YouPage = lazy(() => import("./you/YouPage").then((part) => part.YouPage));

export function App() {
  const { page, image, compare } = route.value;
  const list = listing.value;
  return (
    <>
      <a class="skip" href="#main">
        {t.skip}
      </a>
      <Header>
        {list && <Search />}
        <Upload />
      </Header>
      {list && <TimelinePage key={`${page} ${JSON.stringify(list.filters)}`} listing={list} />}
      <Suspense fallback={null}>
        {page === "trash" && <TrashPage />}
        {page === "you" && <YouPage />}
      </Suspense>
      {/* Each on its own: while one is loaded, all in the same would lose their effects. */}
      <Suspense fallback={null}>{image && <Viewer id={image} />}</Suspense>
      <Suspense fallback={null}>{compare && <Compare ids={compare} />}</Suspense>
      <SelectionBar />
      <Tagging />
      <Opened />
      <Questions />
      <Announcer />
      <Toasts />
    </>
  );
}
