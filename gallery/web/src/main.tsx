// Starts the application.

import { render } from "preact";

import { App } from "./App";
import { pending } from "./changes";
import { lang } from "./formats";
import { begin as beginKeys } from "./keys/keys";
import { begin as beginLive } from "./live";
import { stayWhile } from "./staying";
import { begin } from "./store";
import { begin as beginNaming } from "./title";
import { begin as beginToday } from "./today";
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
beginToday();
beginKeys();
// What was changed is shown as done already.
stayWhile(() => pending.value > 0);
const root = document.getElementById("app");
if (root) render(<App />, root);
