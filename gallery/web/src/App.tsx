// Which page is shown, and what lies over it.

import { lazy } from "preact/compat";

import { t } from "./i18n";
import { Opened } from "./keys/Opened";
import { GALLERY, go, leave, route } from "./route";
import { Search } from "./search/Search";
import { SelectionBar } from "./selection/SelectionBar";
import { Tagging } from "./selection/TagDialog";
import { listing } from "./store";
import { TimelinePage } from "./timeline/TimelinePage";
import { Announcer } from "./ui/Announcer";
import { Banner } from "./ui/Banner";
import { Questions } from "./ui/Dialog";
import { Header } from "./ui/Header";
import { Part } from "./ui/Part";
import { Toasts } from "./ui/Toasts";
import { UnknownPage } from "./ui/UnknownPage";
import { Upload, Uploads } from "./upload/Upload";
import { token } from "./you/arriving";

const Viewer = lazy(() => import("./viewer/Viewer").then((part) => part.Viewer));
const Compare = lazy(() => import("./compare/Compare").then((part) => part.Compare));
const TrashPage = lazy(() => import("./trash/TrashPage").then((part) => part.TrashPage));
const Recover = lazy(() => import("./you/Recover").then((part) => part.Recover));
const YouPage = lazy(() => import("./you/YouPage").then((part) => part.YouPage));

const toGallery = (): void => go(GALLERY);

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
      {/* Each on its own: while one is loaded, all in the same would lose their effects. */}
      {page === "trash" && (
        <Part onClose={toGallery}>
          <TrashPage />
        </Part>
      )}
      {page === "you" && (
        <Part onClose={toGallery}>
          <YouPage />
        </Part>
      )}
      {token.value && (
        <Part key={token.value} onClose={() => (token.value = null)}>
          <Recover token={token.value} />
        </Part>
      )}
      {image && (
        <Part onClose={leave}>
          <Viewer id={image} />
        </Part>
      )}
      {compare && (
        <Part onClose={leave}>
          <Compare ids={compare} />
        </Part>
      )}
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
