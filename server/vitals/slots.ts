/**
 * How many windows can be open at once: what has a maximum per window (tasks that run, calls of a backend)
 * keeps one for each, in a slot that the window has while it is open.
 */
export const windowSlots = 40;

/** Slot of the window that everybody shares: it began with the process and nobody restarts it. */
export const sharedSlot = 0;
