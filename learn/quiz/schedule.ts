/** How long a question rests, by how often in a row it was answered right. */
const pausesDays = [0, 1, 3, 7, 21, 60];
const dayMs = 24 * 60 * 60 * 1_000;

/** What is known about a question. */
export interface Card {
  /** How often in a row it was answered right. */
  readonly rightInARow: number;
  /** From when on it is asked again, in milliseconds since 1970. */
  readonly dueMs: number;
}

/** A question that was answered wrong comes back in the next session, others after longer and longer. */
export function afterAnswer(card: Card | undefined, right: boolean, nowMs: number): Card {
  const rightInARow = right ? (card?.rightInARow ?? 0) + 1 : 0;
  const pauseDays = pausesDays[Math.min(rightInARow, pausesDays.length - 1)] ?? 0;
  return { rightInARow, dueMs: nowMs + pauseDays * dayMs };
}

/** What to ask in a session that begins now: what has been due for longest, then what is new. */
export function dueQuestions(
  ids: readonly string[],
  cards: Readonly<Record<string, Card>>,
  nowMs: number,
): readonly string[] {
  const dueMs = (id: string) => cards[id]?.dueMs ?? nowMs;
  return ids.filter((id) => dueMs(id) <= nowMs).sort((a, b) => dueMs(a) - dueMs(b));
}

/** When the next question is due that is not due now; undefined when all are. */
export function nextDueMs(
  ids: readonly string[],
  cards: Readonly<Record<string, Card>>,
  nowMs: number,
): number | undefined {
  const later = ids.flatMap((id) => cards[id]?.dueMs ?? []).filter((dueMs) => dueMs > nowMs);
  return later.length === 0 ? undefined : Math.min(...later);
}
