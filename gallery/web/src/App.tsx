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
import { Banner } from "./ui/Banner";
import { Questions } from "./ui/Dialog";
import { Header } from "./ui/Header";
import { Toasts } from "./ui/Toasts";
import { UnknownPage } from "./ui/UnknownPage";
import { Upload, Uploads } from "./upload/Upload";
import { token } from "./you/arriving";

const Viewer = lazy(() => import("./viewer/Viewer").then((part) => part.Viewer));
const Compare = lazy(() => import("./compare/Compare").then((part) => part.Compare));
const TrashPage = lazy(() => import("./trash/TrashPage").then((part) => part.TrashPage));
const Recover = lazy(() => import("./you/Recover").then((part) => part.Recover));
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
      <Banner />
      {list && <TimelinePage key={`${page} ${JSON.stringify(list.filters)}`} listing={list} />}
      {page === "unknown" && <UnknownPage />}
      <Suspense fallback={null}>
        {page === "trash" && <TrashPage />}
        {page === "you" && <YouPage />}
        {token.value && <Recover key={token.value} token={token.value} />}
      </Suspense>
      {/* Each on its own: while one is loaded, all in the same would lose their effects. */}
      <Suspense fallback={null}>{image && <Viewer id={image} />}</Suspense>
      <Suspense fallback={null}>{compare && <Compare ids={compare} />}</Suspense>
      <SelectionBar />
      <Uploads />
      <Tagging />
      <Opened />
      <Questions />
      <Announcer />
      <Toasts />
    </>
  );
}
