import "uplot/dist/uPlot.min.css";
import "./style.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { followAddress } from "./route.ts";
import { applyTheme } from "./theme.ts";

applyTheme();
followAddress();
const page = document.querySelector("#page");
if (page === null) {
  throw new Error('Expected an element "page" in index.html, found none');
}
// What stands there is for the time until this script has come.
page.replaceChildren();
render(<App />, page);
