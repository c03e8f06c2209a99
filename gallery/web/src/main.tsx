// Starts the application.

import { render } from "preact";

import { App } from "./App";
import { lang } from "./formats";
import { begin as beginKeys } from "./keys/keys";
import { begin as beginLive } from "./live";
import { begin } from "./store";
import { begin as beginNaming } from "./title";
import { begin as beginTrying } from "./trouble";
import { begin as beginArriving } from "./you/arriving";
import "./style/tokens.css";
import "./style/base.css";
import "./style/timeline.css";

document.documentElement.lang = lang;
history.scrollRestoration = "manual";
beginLive();
begin();
beginTrying();
beginNaming();
beginArriving();
beginKeys();
const root = document.getElementById("app");
if (root) render(<App />, root);
