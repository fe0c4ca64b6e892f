import { exercises } from "../../../registry/exercises.ts";

interface ExerciseSelectProps {
  readonly letter: string;
  readonly onChoose: (letter: string) => void;
}

export function ExerciseSelect({ letter, onChoose }: ExerciseSelectProps) {
  return (
    <label>
      Exercise
      <select value={letter} onChange={(event) => onChoose(event.currentTarget.value)}>
        {exercises.map((exercise) => (
          <option key={exercise.letter} value={exercise.letter}>
            {exercise.letter} {exercise.title}
          </option>
        ))}
      </select>
    </label>
  );
}
