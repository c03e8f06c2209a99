import { render } from "preact";
import "../style/base.css";

function Admin() {
  return (
    <>
      <header class="bar">
        <h1>Administration</h1>
      </header>
      <main />
    </>
  );
}

render(<Admin />, document.body.querySelector("#app") ?? document.body);
