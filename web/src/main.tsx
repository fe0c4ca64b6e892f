import "uplot/dist/uPlot.min.css";
import "./style.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { followAddress } from "./route.ts";
import { applyTheme } from "./theme.ts";

applyTheme();
followAddress();
render(<App />, document.body);
