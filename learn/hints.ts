/** Three hints an exercise, by letter, each more telling than the one before. None is the code. */
export const hints: Readonly<Record<string, readonly [string, string, string]>> = {
  A: [
    "Your handler calls the driver. On which thread does it do so, and who else needs that " +
      "thread?",
    "The word async changes how an answer is handed over, and not the thread that finds it. " +
      "A query that puts its thread to sleep needs one that serves nobody else. Which of the " +
      "pools is made for waiting?",
    "Export a function that takes the id and calls the driver. run() of the pool `threads` " +
      "takes that function, the id and the call's signal, and gives you a promise of the " +
      "user.",
  ],
  B: [
    "For 200 ms somebody else's computer works. What does your thread have to do meanwhile?",
    "There are two clients. One gives you a promise and lets the thread go. The other has " +
      "blocked it before there is anything to await, so an await in front of it changes " +
      "nothing.",
    "Let fetch() ask weatherUrl(city), with the call's signal among its options. " +
      "parseWeather takes the JSON of its response.",
  ],
  C: [
    "Nobody waits in a hash: a core works. How many can be computed at the same moment here?",
    "Neither a promise nor setImmediate gives you a core; another thread or process does. " +
      "More of them than cores only take turns. Which pool is as large as the machine?",
    "Export a function of { data, rounds } and of { stopped } that calls hashChain with all " +
      "three. Give it to run() of the pool `workers`, with the call's signal: then a hash " +
      "that nobody waits for ends early.",
  ],
  D: [
    "readFileSync and fs/promises ask the operating system for the same blocking read. " +
      "Whose thread is blocked in each case?",
    "fs/promises blocks a thread of libuv's pool. readFileSync blocks the thread that calls " +
      "it, which may be one of a pool. Either is right if ten reads find ten threads. How " +
      "many does libuv have?",
    "Await readFile of node:fs/promises, with the encoding and the call's signal in its " +
      "options, and raise libuvThreads to ten or more. Or leave libuv alone: export a " +
      "function that calls readFileSync, and run it in `threads`.",
  ],
  E: [
    "A lookup takes 10 ms. What do a hundred take if each begins when the one before has ended?",
    "A pool of 16 threads makes 16 lookups at once, and the other 84 queue. What can wait " +
      "for a hundred answers and hold a thread for none?",
    "The asynchronous client sends every lookup at once over its one connection. Await it " +
      "in the handler; no pool is needed.",
  ],
  F: [
    "The handler does two things. Which of them needs a core, and which needs only patience?",
    "The download may stay where it is: it is asynchronous. The inference holds the thread " +
      "that runs it for 100 ms, also behind a promise. Where did exercise C compute?",
    "Export a function of the picture and of { stopped } that calls classifyImage with " +
      "both. Await the download, with the call's signal, then give the picture to run() of " +
      "`workers`, with the signal again: each half is given up in its own way.",
  ],
  G: [
    "Who needs what analytics answers? And if nobody does, what does the reply wait for?",
    "Without the await the reply leaves at once, and then nobody owns the event: a failure " +
      "may end the process, and a stop forgets it. The call's signal is none of its business, " +
      "as it may fire as soon as the reply is out. Who lives longer than the call?",
    "inBackground takes a function and gives it a signal of the service's. Put the fetch " +
      "there, with that signal, let it throw when analytics does not take the event, and " +
      "reply.",
  ],
  H: [
    "What does the second request need from the first?",
    "A request begins when you call the function; await only waits. When does your fifth " +
      "one begin? Can all five begin before you wait for any?",
    "Give Promise.all the five promises as they come from ask(), without an await in front " +
      "of each, and hand the call's signal on to every fetch.",
  ],
};
