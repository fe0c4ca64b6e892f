import type { LoadOrder } from "../../registry/fired-runs.ts";
import { obey } from "../obey.ts";
import { load } from "./load.ts";

/** The longest load, with the calls that it waits for at its end. */
const mostMs = 120_000;

// A server that makes a load itself would share its event loop with it: it starts this beside it.
await obey<LoadOrder>(mostMs, load);
