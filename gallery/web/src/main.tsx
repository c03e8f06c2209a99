import { signal } from "@preact/signals";
import { render } from "preact";
import { type Image, images } from "./api";
import "./style/base.css";

const shown = signal<Image[]>([]);

function Thumbnail({ image }: { image: Image }) {
  const { thumb_url, prompt, width, height } = image;
  return (
    <li>
      <img src={thumb_url} alt={prompt} width={width ?? 1} height={height ?? 1} loading="lazy" />
    </li>
  );
}

function App() {
  return (
    <>
      <header class="bar">
        <h1>Gallery</h1>
      </header>
      <main>
        <ul class="thumbnails">
          {shown.value.map((image) => (
            <Thumbnail key={image.id} image={image} />
          ))}
        </ul>
      </main>
    </>
  );
}

render(<App />, document.body.querySelector("#app") ?? document.body);
shown.value = (await images()).items;
