import "uplot/dist/uPlot.min.css";
import "./style.css";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { away, pollNow } from "./connection.ts";
import { EightView } from "./eight/eight-view.tsx";
import { LoadView } from "./load/load-view.tsx";
import { RaceView } from "./race/race-view.tsx";
import { followAddress, type Route, route } from "./route.ts";
import { RunsView, RunView } from "./runs/runs-view.tsx";
import { applyTheme, theme, themes } from "./theme.ts";
import { VitalsPanel } from "./vitals.tsx";

const views = [
  { view: "race", name: "Race" },
  { view: "eight", name: "The eight" },
  { view: "load", name: "Load" },
  { view: "runs", name: "Runs" },
];

function App() {
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const shown = route.value;
  // Keyboard users continue from the heading of the view that they opened.
  useEffect(() => {
    const heading = main.current?.querySelector("h1");
    document.title = `${heading?.innerText ?? ""} – unblock`;
    if (!first.current) {
      heading?.focus();
    }
    first.current = false;
  }, [shown.view]);
  const current = shown.view === "run" ? "runs" : shown.view;
  return (
    <>
      <header>
        <a class="name" href="#/race">
          unblock
        </a>
        <nav aria-label="Views">
          {views.map(({ view, name }) => (
            <a key={view} href={`#/${view}`} aria-current={current === view ? "page" : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <label class="theme">
          Theme
          <select
            value={theme.value}
            onChange={(event) => {
              theme.value = themes.find((one) => one === event.currentTarget.value) ?? "auto";
            }}
          >
            {themes.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </header>
      {away.value && (
        <div class="trouble away" role="alert">
          <p>
            <strong>The server does not respond.</strong> Start it again with <code>npm start</code>
            : the page reconnects by itself.
          </p>
          <button type="button" onClick={pollNow}>
            Try now
          </button>
        </div>
      )}
      <main ref={main}>
        <View shown={shown} />
      </main>
      <footer>
        <VitalsPanel />
      </footer>
    </>
  );
}

function View({ shown }: { readonly shown: Route }) {
  switch (shown.view) {
    case "race":
      return <RaceView />;
    case "eight":
      return <EightView letter={shown.letter} />;
    case "load":
      return <LoadView />;
    case "runs":
      return <RunsView />;
    case "run":
      return <RunView key={shown.id} id={shown.id} otherId={shown.otherId} />;
  }
}

applyTheme();
followAddress();
const page = document.querySelector("#page");
if (page === null) {
  throw new Error('Expected an element "page" in index.html, found none');
}
// index.html has a placeholder for the time until this script runs.
page.replaceChildren();
render(<App />, page);
