import { answerWithin, labClient } from "../connection/clients.ts";
import { useAnswer } from "../connection/use-answer.ts";
import { TroubleNote } from "../parts/trouble-note.tsx";

/** The runs that the server keeps. */
export function RunsView() {
  const { value, trouble, askAgain } = useAnswer(
    (signal) => labClient.listRuns({}, { ...answerWithin, signal }),
    "listed its runs",
    "",
  );
  return (
    <>
      <h1 tabIndex={-1}>Runs</h1>
      <p class="quiet">The races and loads that this server keeps, the newest first.</p>
      <TroubleNote trouble={trouble} onToken={askAgain} />
      {value?.runs.length === 0 && (
        <p>
          There are none yet. Run a <a href="#/race">race</a> or a <a href="#/load">load</a>.
        </p>
      )}
      <ul class="runs">
        {value?.runs.map(({ id, beganAt, exercise, strategies, sentence, isLoad }) => (
          <li key={id}>
            <a href={`#/runs/${id}`}>
              {isLoad ? "Load" : "Race"} {exercise}: {strategies.join(", ")}
            </a>{" "}
            <time dateTime={beganAt}>{new Date(beganAt).toLocaleString()}</time>
            <p class="quiet">{sentence}</p>
          </li>
        ))}
      </ul>
    </>
  );
}
