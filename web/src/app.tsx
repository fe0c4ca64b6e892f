import { useEffect, useRef } from "preact/hooks";
import { away, tryNow } from "./connection/presence.ts";
import { EightView } from "./eight/eight-view.tsx";
import { LoadView } from "./load/load-view.tsx";
import { RaceView } from "./race/race-view.tsx";
import { type Route, route } from "./route.ts";
import { RunView } from "./runs/run-view.tsx";
import { RunsView } from "./runs/runs-view.tsx";
import { theme, themes } from "./theme.ts";
import { VitalsPanel } from "./vitals/vitals-panel.tsx";

const views = [
  { view: "race", name: "Race" },
  { view: "eight", name: "The eight" },
  { view: "load", name: "Load" },
  { view: "runs", name: "Runs" },
];

export function App() {
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const shown = route.value;
  // Who came here by the keyboard goes on from the heading of what is shown now.
  useEffect(() => {
    const heading = main.current?.querySelector("h1");
    document.title = `${heading?.innerText ?? ""} – unblock`;
    if (!first.current) {
      heading?.focus();
    }
    first.current = false;
  }, [shown.view]);
  return (
    <>
      <header>
        <a class="name" href="#/race">
          unblock
        </a>
        <nav aria-label="Views">
          {views.map(({ view, name }) => (
            <a
              key={view}
              href={`#/${view}`}
              aria-current={
                (shown.view === "run" ? "runs" : shown.view) === view ? "page" : undefined
              }
            >
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
            <strong>The server does not answer.</strong> Start it again with <code>npm start</code>:
            this page goes on by itself.
          </p>
          <button type="button" onClick={tryNow}>
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
