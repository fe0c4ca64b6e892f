import { Server } from "node:net";

/** Keeps the learner's code from opening servers: the service is one already. */
export interface ListeningWatch {
  /** From now on, whoever listens is the learner's code. */
  refuse(): void;
  /** From now on, whoever listens is the service. */
  allow(): void;
}

/** @param onRefused told each time, also when the learner's code catches what it gets */
export function watchListening(onRefused: (problem: string) => void): ListeningWatch {
  let refuses = false;
  const listen = Server.prototype.listen;
  Server.prototype.listen = function (this: Server, ...args: unknown[]) {
    if (refuses) {
      const problem = `it opens a server of its own (${describe(args)}); the service listens already, at a port that the check chose: export the handler, and nothing that listens`;
      onRefused(problem);
      throw new Error(problem);
    }
    return Reflect.apply(listen, this, args);
  };
  return {
    refuse: () => {
      refuses = true;
    },
    allow: () => {
      refuses = false;
    },
  };
}

function describe([where]: readonly unknown[]): string {
  const port = typeof where === "object" && where !== null && "port" in where ? where.port : where;
  return typeof port === "number" || typeof port === "string" ? `port ${port}` : "any port";
}
